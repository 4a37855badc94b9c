//! The words by which the files of a checkout name a package: its own name, its modules, its executables.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::PackageKey;

/// What a package's files say of how it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UsedNames {
    /// The words.
    pub(super) words: BTreeSet<String>,
    /// Whether it is used without being named, as plugins are.
    pub(super) is_plugin: bool,
}

/// Beginnings of the names of plugins, which configurations leave out.
const PLUGINS: [&str; 9] = [
    "eslint-plugin-",
    "eslint-config-",
    "babel-plugin-",
    "babel-preset-",
    "prettier-plugin-",
    "stylelint-config-",
    "vite-plugin-",
    "rollup-plugin-",
    "postcss-",
];

/// Returns the names of a package, by the paths of its files and those files that say more, which `read` reads.
pub(super) fn names<'f>(
    package: &PackageKey,
    files: impl Iterator<Item = &'f str>,
    read: impl Fn(&str) -> Option<String>,
) -> UsedNames {
    let own = package.id.name.as_str();
    let mut names = UsedNames { words: BTreeSet::from([own.to_owned()]), is_plugin: false };
    if package.id.ecosystem.has_scopes() {
        names.is_plugin = own.starts_with("@types/");
        names.words.extend(PLUGINS.iter().filter_map(|start| own.strip_prefix(start)).map(str::to_owned));
        let manifest: Option<Value> =
            read("package.json").and_then(|text| serde_json::from_str(text.trim_start_matches('\u{feff}')).ok());
        match manifest.as_ref().and_then(|manifest| manifest.get("bin")) {
            Some(Value::Object(bin)) => names.words.extend(bin.keys().cloned()),
            Some(Value::String(_)) => names.words.extend([package.id.name.without_scope().to_owned()]),
            _ => {}
        }
        return names;
    }
    names.words.insert(own.replace('-', "_"));
    names.is_plugin = own.starts_with("types-") || own.ends_with("-stubs");
    for file in files {
        match file.split_once('/') {
            Some((folder, "entry_points.txt")) if folder.ends_with(".dist-info") => {
                entry_points(&read(file).unwrap_or_default(), &mut names);
            }
            Some((folder, "METADATA" | "RECORD")) if folder.ends_with(".dist-info") => {}
            Some((folder, below)) if !folder.contains('.') && is_module(below) => {
                names.words.insert(folder.to_owned());
            }
            None if is_module(file) => names.words.extend(file.split('.').next().map(str::to_owned)),
            _ => {}
        }
    }
    names
}

fn is_module(file: &str) -> bool {
    [".py", ".so", ".pyd", ".pyi"].iter().any(|end| file.ends_with(end))
}

/// Reads the groups of a distribution: executables have names, and other groups are those of plugins.
fn entry_points(text: &str, names: &mut UsedNames) {
    let mut group = "";
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            group = title.trim();
            names.is_plugin |= !matches!(group, "console_scripts" | "gui_scripts");
        } else if let Some((name, _)) = line.split_once('=')
            && matches!(group, "console_scripts" | "gui_scripts")
        {
            names.words.insert(name.trim().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageId, PackageName, Version};

    fn of(ecosystem: &str, name: &str, files: &[(&str, &str)]) -> (Vec<String>, bool) {
        let ecosystem: Ecosystem = ecosystem.parse().unwrap();
        let id = PackageId::new(ecosystem, PackageName::parse(ecosystem, name).unwrap());
        let key = PackageKey { id, version: Version::parse(ecosystem, "1.0.0").unwrap() };
        let read = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
        let UsedNames { words, is_plugin } = names(&key, files.iter().map(|(name, _)| *name), read);
        (words.into_iter().collect(), is_plugin)
    }

    #[test]
    fn packages_are_named_by_modules_and_executables() {
        let check = |found: (Vec<String>, bool), words: &[&str], is_plugin: bool| {
            assert_eq!(
                (found.0.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), found.1),
                (words, is_plugin)
            );
        };
        check(
            of("npm", "typescript", &[("package.json", r#"{ "bin": { "tsc": "x" } }"#)]),
            &["tsc", "typescript"],
            false,
        );
        check(of("npm", "eslint-plugin-react", &[]), &["eslint-plugin-react", "react"], false);
        check(of("npm", "@types/node", &[]), &["@types/node"], true);
        let pillow = [("PIL/__init__.py", ""), ("pillow-1.dist-info/RECORD", "")];
        check(of("pypi", "pillow", &pillow), &["PIL", "pillow"], false);
        let uvicorn =
            [("uvicorn-1.dist-info/entry_points.txt", "[console_scripts]\nuvi = uvicorn:main\n"), ("six.py", "")];
        check(of("pypi", "uvicorn", &uvicorn), &["six", "uvi", "uvicorn"], false);
        let plugin = [("pytest_cov-1.dist-info/entry_points.txt", "[pytest11]\npytest_cov = pytest_cov.plugin\n")];
        check(of("pypi", "pytest-cov", &plugin), &["pytest-cov", "pytest_cov"], true);
    }
}
