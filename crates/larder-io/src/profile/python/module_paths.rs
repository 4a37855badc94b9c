//! The folders of a local package's modules: those that its build backend is configured with, else those that look like it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::fs::{self, Kind};
use crate::import::is_virtual;

/// The folders with a package's modules.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct ModulePaths {
    /// The folders that are put on Python's path, in order.
    pub(super) paths: Vec<PathBuf>,
    /// The packages whose folder is not called like them: by dotted name, the folder.
    pub(super) renamed: BTreeMap<String, PathBuf>,
    /// A warning for the user.
    pub(super) warning: Option<String>,
}

/// A location of modules that a pyproject.toml names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ModuleLocation {
    /// A folder that has modules in it.
    Root(String),
    /// The folder of a package with a dotted name.
    Package(String, String),
}

impl ModuleLocation {
    /// A package that is called like its folder; or a module, which lies in one.
    fn package(folder: &str) -> Self {
        let folder = folder.trim_matches('/');
        if is_source(folder) {
            return Self::Root(folder.rsplit_once('/').map_or("", |(root, _)| root).to_owned());
        }
        Self::Package(folder.rsplit('/').next().unwrap_or(folder).to_owned(), folder.to_owned())
    }
}

/// Finds the modules of the package `name`, whose pyproject.toml in `folder` is `document`.
pub(super) fn sources(folder: &Path, name: &str, document: &Table) -> ModulePaths {
    let mut sources = ModulePaths::default();
    let parts = declared(document).filter(|parts| !parts.is_empty());
    for part in parts.unwrap_or_else(|| vec![ModuleLocation::Root(seen(folder, &module_name(name, document)))]) {
        sources.add(folder, part);
    }
    let nested = sources
        .renamed
        .keys()
        .find(|module| module.match_indices('.').any(|(at, _)| sources.renamed.contains_key(&module[..at])));
    if let Some(nested) = nested.cloned() {
        // A link to one package cannot have another one in it.
        sources.renamed.remove(&nested);
        sources.warning = Some(format!(
            "the package {nested} cannot be imported: its folder does not lie in that of the package around it"
        ));
    } else if !is_virtual(document) && !sources.has_module() {
        let looked: Vec<_> = sources.paths.iter().chain(sources.renamed.values()).collect();
        let looked: Vec<_> = looked.iter().map(|path| format!("`{}`", path.display())).collect();
        sources.warning =
            Some(format!("no Python module was found in {}: nothing of it can be imported", looked.join(", ")));
    }
    sources
}

impl ModulePaths {
    fn add(&mut self, folder: &Path, part: ModuleLocation) {
        let path = match part {
            ModuleLocation::Root(root) => folder.join(trimmed(&root)),
            ModuleLocation::Package(module, below) => {
                let below = trimmed(&below);
                let suffix = module.replace('.', "/");
                match below.strip_suffix(&suffix) {
                    Some(root) if root.is_empty() || root.ends_with('/') => folder.join(root.trim_end_matches('/')),
                    _ if !is_dotted(&module) => return,
                    _ => {
                        self.renamed.insert(module, folder.join(below));
                        return;
                    }
                }
            }
        };
        // Without the separator at its end that joining nothing leaves.
        let path: PathBuf = path.components().collect();
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }

    fn has_module(&self) -> bool {
        self.paths.iter().any(|path| has_module(path)) || self.renamed.values().any(|path| has_source(path))
    }
}

/// Returns what the build backend is told; where none is named, what any of them is told.
fn declared(document: &Table) -> Option<Vec<ModuleLocation>> {
    type Read = fn(&Table) -> Option<Vec<ModuleLocation>>;
    const BACKENDS: [(&str, &str, Read); 7] = [
        ("setuptools", "setuptools", setuptools),
        ("hatch", "hatch", hatch),
        ("maturin", "maturin", maturin),
        ("uv", "uv", uv),
        ("pdm", "pdm", pdm),
        ("poetry", "poetry", poetry),
        ("scikit_build", "scikit-build", scikit_build),
    ];

    let backend = table(document, &["build-system"]).and_then(|system| system.get("build-backend")?.as_str());
    let named = backend.and_then(|backend| BACKENDS.iter().find(|(module, ..)| backend.starts_with(module)));
    if let Some((_, _, read)) = named {
        return read(document);
    }
    let mut told = BACKENDS.iter().filter(|(_, tool, _)| table(document, &["tool", tool]).is_some());
    told.find_map(|(_, _, read)| read(document))
}

fn setuptools(document: &Table) -> Option<Vec<ModuleLocation>> {
    let own = table(document, &["tool", "setuptools"])?;
    let mut parts: Vec<ModuleLocation> = Vec::new();
    let found = own.get("packages").and_then(|packages| packages.get("find")?.get("where"));
    parts.extend(strings(found).map(|root| ModuleLocation::Root(root.to_owned())));
    let folders = own.get("package-dir").and_then(Value::as_table);
    for (package, folder) in folders.into_iter().flatten().filter_map(|(name, folder)| Some((name, folder.as_str()?))) {
        match package.as_str() {
            "" => parts.push(ModuleLocation::Root(folder.to_owned())),
            package => parts.push(ModuleLocation::Package(package.to_owned(), folder.to_owned())),
        }
    }
    // What is listed and has no folder of its own lies beside the file.
    let is_placed = |package: &str| {
        let placed =
            |known: &str| package == known || package.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'));
        folders.is_some_and(|folders| folders.keys().any(|known| known.is_empty() || placed(known)))
    };
    let mut listed = strings(own.get("packages")).chain(strings(own.get("py-modules")));
    if listed.any(|package| !is_placed(package)) {
        parts.push(ModuleLocation::Root(String::new()));
    }
    Some(parts)
}

fn hatch(document: &Table) -> Option<Vec<ModuleLocation>> {
    let build = table(document, &["tool", "hatch", "build"])?;
    let wheel = build.get("targets").and_then(|targets| targets.get("wheel")?.as_table());
    let value = |key: &str| wheel.and_then(|wheel| wheel.get(key)).or_else(|| build.get(key));
    let develop: Vec<_> =
        strings(build.get("dev-mode-dirs")).map(|root| ModuleLocation::Root(root.to_owned())).collect();
    if !develop.is_empty() {
        return Some(develop);
    }
    let mut parts = Vec::new();
    match value("sources") {
        Some(Value::Table(renamed)) => {
            for (folder, module) in renamed.iter().filter_map(|(folder, module)| Some((folder, module.as_str()?))) {
                parts.push(match module.trim_matches('/') {
                    "" => ModuleLocation::Root(folder.clone()),
                    module => ModuleLocation::Package(module.replace('/', "."), folder.clone()),
                });
            }
        }
        stripped => parts.extend(strings(stripped).map(|root| ModuleLocation::Root(root.to_owned()))),
    }
    if parts.is_empty() {
        let listed = strings(value("packages")).chain(strings(value("only-include")));
        parts.extend(listed.map(ModuleLocation::package));
    }
    Some(parts)
}

/// Rust's own `src` is none of Python's.
fn maturin(document: &Table) -> Option<Vec<ModuleLocation>> {
    let own = table(document, &["tool", "maturin"]);
    let root = own.and_then(|own| own.get("python-source")?.as_str()).unwrap_or_default();
    (own.is_some() || names_backend(document)).then(|| vec![ModuleLocation::Root(root.to_owned())])
}

fn uv(document: &Table) -> Option<Vec<ModuleLocation>> {
    let own = table(document, &["tool", "uv", "build-backend"]);
    let root = own.and_then(|own| own.get("module-root")?.as_str()).unwrap_or("src");
    (own.is_some() || names_backend(document)).then(|| vec![ModuleLocation::Root(root.to_owned())])
}

fn names_backend(document: &Table) -> bool {
    table(document, &["build-system"]).is_some_and(|system| system.contains_key("build-backend"))
}

fn pdm(document: &Table) -> Option<Vec<ModuleLocation>> {
    let build = table(document, &["tool", "pdm", "build"]);
    let own = build.into_iter().chain(table(document, &["tool", "pdm"]));
    let mut folders = own.filter_map(|own| own.get("package-dir")?.as_str());
    folders.next().map(|root| vec![ModuleLocation::Root(root.to_owned())])
}

fn poetry(document: &Table) -> Option<Vec<ModuleLocation>> {
    let listed = table(document, &["tool", "poetry"])?.get("packages")?.as_array()?;
    let root = |package: &Value| package.get("from").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(listed.iter().map(|package| ModuleLocation::Root(root(package))).collect())
}

fn scikit_build(document: &Table) -> Option<Vec<ModuleLocation>> {
    match table(document, &["tool", "scikit-build", "wheel"])?.get("packages")? {
        Value::Table(folders) => {
            let folders =
                folders.iter().filter_map(|(module, folder)| Some((module.replace('/', "."), folder.as_str()?)));
            Some(folders.map(|(module, folder)| ModuleLocation::Package(module, folder.to_owned())).collect())
        }
        listed => Some(strings(Some(listed)).map(ModuleLocation::package).collect()),
    }
}

/// Returns the module that the backend looks for: it is called like the package, unless flit is told otherwise.
fn module_name(name: &str, document: &Table) -> String {
    let flit = table(document, &["tool", "flit", "module"]).and_then(|module| module.get("name")?.as_str());
    flit.map_or_else(|| name.replace('-', "_"), str::to_owned)
}

/// Returns the folder in which a module is seen: `src` or the package's own, whichever has it; else `src`, if that has any.
fn seen(folder: &Path, module: &str) -> String {
    let src = folder.join("src");
    let has = |root: &Path| {
        let first = module.split('.').next().unwrap_or(module);
        is(&root.join(first), Kind::Folder) || is(&root.join(format!("{first}.py")), Kind::File)
    };
    let in_src = !has(folder) && (has(&src) || (is(&src, Kind::Folder) && !is(&src.join("__init__.py"), Kind::File)));
    if in_src { "src".to_owned() } else { String::new() }
}

/// Returns whether something in a folder can be imported.
fn has_module(folder: &Path) -> bool {
    const NONE: [&str; 3] = ["setup.py", "conftest.py", "noxfile.py"];

    let Ok(found) = fs::read_dir(folder) else { return false };
    found.iter().any(|found| {
        let name = found.path.to_string_lossy();
        match found.kind {
            Kind::File => is_source(&name) && !NONE.contains(&&*name),
            _ => {
                is_dotted(&name)
                    && !matches!(&*name, "tests" | "test" | "docs")
                    && has_source(&folder.join(&found.path))
            }
        }
    })
}

/// Returns whether a folder is a package, or one of packages.
fn has_source(folder: &Path) -> bool {
    let files = |folder: &Path| fs::read_dir(folder).unwrap_or_default();
    files(folder).iter().any(|found| match found.kind {
        Kind::File => is_source(&found.path.to_string_lossy()),
        Kind::Folder => {
            let inner = files(&folder.join(&found.path));
            inner.iter().any(|found| found.kind == Kind::File && is_source(&found.path.to_string_lossy()))
        }
        _ => false,
    })
}

fn is_source(name: &str) -> bool {
    [".py", ".pyi", ".so", ".pyd"].iter().any(|end| name.ends_with(end))
}

fn is_dotted(name: &str) -> bool {
    let is_name = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    name.split('.').all(is_name)
}

fn is(path: &Path, kind: Kind) -> bool {
    matches!(fs::stat(path), Ok(Some(stat)) if stat.kind == kind)
}

fn trimmed(path: &str) -> &str {
    let path = path.trim_matches('/');
    match path.strip_prefix("./").unwrap_or(path) {
        "." => "",
        path => path,
    }
}

fn table<'a>(document: &'a Table, path: &[&str]) -> Option<&'a Table> {
    path.iter().try_fold(document, |table, key| table.get(*key)?.as_table())
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, files: &[&str], paths: &[&str], renamed: &[(&str, &str)]) {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write_new(&path, b"", 0o644).unwrap();
        }
        let found = sources(root.path(), "my-tool", &text.parse().unwrap());
        let below = |path: &PathBuf| path.strip_prefix(root.path()).unwrap().to_str().unwrap().to_owned();
        assert_eq!(found.paths.iter().map(below).collect::<Vec<_>>(), paths, "{text}");
        let links: Vec<_> = found.renamed.iter().map(|(name, path)| (name.clone(), below(path))).collect();
        assert_eq!(links.iter().map(|(name, path)| (&**name, &**path)).collect::<Vec<_>>(), renamed, "{text}");
        assert_eq!(found.warning.is_none(), !files.is_empty(), "{text} {:?}", found.warning);
    }

    #[test]
    fn every_backend_is_understood() {
        let hatch = "[build-system]\nbuild-backend = 'hatchling.build'\n[tool.hatch.build.targets.wheel]\n";
        check(&format!("{hatch}packages = ['lib/other', 'more/thing']"), &["lib/other/a.py"], &["lib", "more"], &[]);
        // A slash before it is the folder of the project, as in a .gitignore.
        check(&format!("{hatch}packages = ['/lib/other']"), &["lib/other/a.py"], &["lib"], &[]);
        check(&format!("{hatch}sources = ['/code']"), &["code/x/a.py"], &["code"], &[]);
        check(&format!("{hatch}sources = ['code']\nonly-include = ['code/x']"), &["code/x/a.py"], &["code"], &[]);
        check(
            &format!("{hatch}[tool.hatch.build.targets.wheel.sources]\n'core' = 'my_tool'"),
            &["core/a.py"],
            &[],
            &[("my_tool", "core")],
        );
        check("[tool.hatch.build]\ndev-mode-dirs = ['.', 'gen']", &["a.py"], &["", "gen"], &[]);
        let maturin = "[build-system]\nbuild-backend = 'maturin'\n";
        check(
            &format!("{maturin}[tool.maturin]\npython-source = 'python'"),
            &["src/lib.rs", "python/x/a.py"],
            &["python"],
            &[],
        );
        check(maturin, &["src/lib.rs", "my_tool/__init__.py"], &[""], &[]);
        let uv = "[build-system]\nbuild-backend = 'uv_build'\n";
        check(uv, &["src/other/a.py"], &["src"], &[]);
        check(&format!("{uv}[tool.uv.build-backend]\nmodule-root = ''"), &["src/x.c", "other/a.py"], &[""], &[]);
        check("[tool.pdm.build]\npackage-dir = 'code'", &["code/a/b.py"], &["code"], &[]);
        check(
            "[tool.poetry]\npackages = [{include = 'x', from = 'lib'}, {include = 'y'}]",
            &["y/a.py"],
            &["lib", ""],
            &[],
        );
        check("[tool.scikit-build.wheel]\npackages = ['python/x']", &["python/x/a.py"], &["python"], &[]);
        let setuptools = "[build-system]\nbuild-backend = 'setuptools.build_meta'\n[tool.setuptools]\n";
        check(&format!("{setuptools}package-dir = {{'' = 'lib'}}"), &["lib/a.py"], &["lib"], &[]);
        let one = "package-dir = {my_tool = 'source', 'my_ns.x' = 'lib/my_ns/x'}";
        check(&format!("{setuptools}{one}"), &["source/a.py"], &["lib"], &[("my_tool", "source")]);
        check(
            &format!("{setuptools}{one}\npackages = ['my_tool.sub', 'beside']"),
            &["beside/a.py"],
            &["lib", ""],
            &[("my_tool", "source")],
        );
        check(
            &format!("{setuptools}[tool.setuptools.packages.find]\nwhere = ['a', 'b']"),
            &["b/c/d.py"],
            &["a", "b"],
            &[],
        );
    }

    #[test]
    fn where_nothing_is_declared_it_is_seen() {
        check("", &["my_tool.py", "src/x.c"], &[""], &[]);
        check("", &["my_tool/__init__.py", "src/x/a.py"], &[""], &[]);
        check("", &["src/acme/tool/a.py"], &["src"], &[]);
        check("[tool.flit.module]\nname = 'toolbox'", &["toolbox.py", "src/x.c"], &[""], &[]);
        check("", &[], &[""], &[]);
    }
}
