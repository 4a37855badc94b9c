//! Pipenv's Pipfile: <https://pipenv.pypa.io/en/latest/pipfile.html>.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::import::entries::FolderLine;
use crate::import::{ImportError, Imported, ImportedRegistry, Runtimes};
use crate::model::{Label, LocalFile};

use super::{ECOSYSTEM, pep508};

/// The tables that are no groups of packages, with the reason why what they have is not imported; none for those that are read.
const TABLES: [(&str, Option<&str>); 6] = [
    ("source", None),
    ("packages", None),
    ("dev-packages", None),
    ("requires", None),
    ("scripts", Some("write them as `tasks`: what they run need not be a shell's")),
    ("pipenv", Some("settings of Pipenv itself; pre-releases are allowed by `prereleases \"allow\"` in `resolution`")),
];

/// The conditions that an entry may have besides `markers`.
const MARKERS: [&str; 11] = [
    "os_name",
    "sys_platform",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_version",
    "python_full_version",
    "implementation_name",
    "implementation_version",
];

/// Reads a Pipfile. `dev-packages` is the group `dev`, and a category of one's own a group that its tool installs only when asked to.
pub fn pipfile(text: &str) -> Result<Imported, ImportError> {
    let error = |e: toml::de::Error| ImportError { file: "Pipfile", reason: e.message().to_owned() };
    let document: Table = text.trim_start_matches('\u{feff}').parse().map_err(error)?;
    let mut imported = Imported::default();
    let mut by_index: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, value) in &document {
        let known = TABLES.iter().find(|(name, _)| name == table);
        if let Some((name, Some(why))) = known {
            imported.refuse(format!("[{name}]"), *why);
            continue;
        }
        let group = match (table.as_str(), known) {
            ("packages", _) => None,
            ("source" | "requires", _) => continue,
            ("dev-packages", _) => "dev".parse::<Label>().ok(),
            (name, _) => {
                let group = name.parse::<Label>().ok();
                if group.is_none() {
                    imported.refuse(format!("[{name}]"), "its name cannot be a group's");
                    continue;
                }
                group
            }
        };
        for (name, wanted) in value.as_table().into_iter().flatten() {
            if let Some(index) = wanted.get("index").and_then(Value::as_str) {
                by_index.entry(index.to_owned()).or_default().push(name.clone());
            }
            take(&mut imported, (name, wanted), group.as_ref());
        }
        if let Some(group) = group.filter(|group| imported.lines.iter().any(|line| line.group.as_ref() == Some(group)))
        {
            if table != "dev-packages" {
                imported.optional_groups.insert(group.clone());
            }
            imported.dev_groups.insert(group);
        }
    }
    let requires = |key: &str| document.get("requires").and_then(|table| table.get(key)?.as_str()).map(str::to_owned);
    imported.runtimes =
        Runtimes { python_file: requires("python_full_version").or(requires("python_version")), ..Runtimes::default() };
    add_sources(&document, by_index, &mut imported);
    Ok(imported)
}

/// Takes an entry over: a specifier, or a table with one.
fn take(imported: &mut Imported, (name, wanted): (&str, &Value), group: Option<&Label>) {
    let word = |key: &str| wanted.get(key).and_then(Value::as_str);
    let range = wanted.as_str().or(word("version")).unwrap_or("*").trim();
    let extras: Vec<&str> =
        wanted.get("extras").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut conditions: Vec<String> = word("markers").map(|markers| format!("({markers})")).into_iter().collect();
    conditions.extend(MARKERS.iter().filter_map(|marker| Some(format!("{marker} {}", word(marker)?))));
    let when = Some(conditions.join(" and ")).filter(|when| !when.is_empty());
    let place = word("path").or(word("file")).filter(|place| !place.contains("://"));
    if let Some(folder) = place.filter(|place| !LocalFile::is_python_archive(place)) {
        let extras = &extras.join(",");
        return imported.take_folder(FolderLine { folder, extras, seen_as: Some(name), when }, group);
    }
    let git = word("git").map(|url| {
        let reference = word("ref").map(|name| format!("@{name}")).unwrap_or_default();
        let folder = word("subdirectory").map(|folder| format!("#subdirectory={folder}")).unwrap_or_default();
        format!("git+{}{reference}{folder}", url.trim_start_matches("git+"))
    });
    let mut text = name.to_owned();
    if !extras.is_empty() {
        text = format!("{text}[{}]", extras.join(","));
    }
    match git.as_deref().or(place).or(word("file")).or(word("url")) {
        Some(url) => text = format!("{text} @ {url}"),
        None if range == "*" => {}
        // A bare version is that one.
        None if range.starts_with(|c: char| c.is_ascii_digit()) => text = format!("{text}=={range}"),
        None => text.push_str(range),
    }
    if let Some(when) = when {
        text = format!("{text} ; {when}");
    }
    pep508::take(imported, &text, group);
}

/// Adds the indexes: the first is the usual one, and others have the packages that name them.
fn add_sources(document: &Table, mut by_index: BTreeMap<String, Vec<String>>, imported: &mut Imported) {
    let sources = document.get("source").and_then(Value::as_array).into_iter().flatten();
    for (place, source) in sources.enumerate() {
        let text = |key: &str| source.get(key).and_then(Value::as_str);
        let Some(url) = text("url") else { continue };
        if source.get("verify_ssl").and_then(Value::as_bool) == Some(false) {
            imported.refuse(format!("verify_ssl of {}", text("name").unwrap_or_default()), "certificates are verified");
        }
        let is_usual =
            ["https://pypi.org/simple", "https://pypi.python.org/simple"].contains(&url.trim_end_matches('/'));
        let name = text("name").unwrap_or("index").to_owned();
        let packages = by_index.remove(&name).unwrap_or_default();
        if is_usual && (place == 0 || packages.is_empty()) {
            continue;
        }
        let (name, packages) = match place {
            0 => ("pypi".to_owned(), Vec::new()),
            // The first one has that name.
            _ if name == "pypi" => ("pypi-public".to_owned(), packages),
            _ => (name, packages),
        };
        if place > 0 && packages.is_empty() {
            let why =
                "no package names it, and Pipenv asks it for none: declare it in `registries` with its `packages`";
            imported.refuse(format!("the source {name}"), why);
            continue;
        }
        let (url, priority) = (url.to_owned(), None);
        imported.add_registry(ImportedRegistry { ecosystem: ECOSYSTEM, name, url, packages, priority, is_flat: false });
    }
    for (name, packages) in by_index {
        imported.refuse(format!("the index {name} of {}", packages.join(", ")), "no `[[source]]` has this name");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipfile_is_taken_over_with_its_groups_and_sources() {
        let text = "[[source]]\nurl = 'https://pypi.org/simple'\nverify_ssl = true\nname = 'pypi'\n\
                    [[source]]\nurl = 'https://pypi.acme.example/simple'\nname = 'acme'\n\
                    [[source]]\nurl = 'https://other.example/simple'\nname = 'other'\n\
                    [packages]\nidna = '==3.6'\nrequests = {extras = ['socks'], version = '>=2,<3', markers = \"python_version >= '3.8'\"}\n\
                    pywin32 = {version = '*', sys_platform = \"== 'win32'\"}\nown = {index = 'acme', version = '~=1.2'}\n\
                    bare = '2.0'\ntool = {git = 'https://h/tool.git', ref = 'v1', subdirectory = 'py'}\n\
                    kit = {file = 'https://h/kit-1-py3-none-any.whl'}\nwheel = {path = './vendor/wheel-1-py3-none-any.whl'}\n\
                    lib = {path = './libs/lib', editable = true, extras = ['fast']}\n\
                    [dev-packages]\niniconfig = '*'\n[docs]\nsphinx = '*'\n[requires]\npython_version = '3.11'\n[scripts]\nrun = 'python x.py'\n";
        let imported = pipfile(text).unwrap();
        let lines: Vec<String> = imported
            .lines
            .iter()
            .map(|line| {
                let group = line.group.as_ref().map(|group| format!(" of {group}")).unwrap_or_default();
                let when = line.when.as_ref().map(|when| format!(" when {when}")).unwrap_or_default();
                format!("{}{when}{group}", line.what())
            })
            .collect();
        for expected in [
            "pypi idna ==3.6",
            "pypi requests[socks] >=2,<3 when (python_version >= '3.8')",
            "pypi pywin32 when sys_platform == 'win32'",
            "pypi own ~=1.2",
            "pypi bare ==2.0",
            "pypi tool https://h/tool.git (rev v1, folder py)",
            "pypi kit https://h/kit-1-py3-none-any.whl",
            "pypi wheel vendor/wheel-1-py3-none-any.whl",
            "path libs/lib[fast]",
            "pypi iniconfig of dev",
            "pypi sphinx of docs",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected} is not in {lines:#?}");
        }
        assert_eq!(lines.len(), 11);
        let registries: Vec<_> = imported.registries.iter().map(|one| (&*one.name, one.packages.join(" "))).collect();
        assert_eq!(registries, [("acme", "own".to_owned())]);
        assert_eq!(imported.runtimes.python_file.as_deref(), Some("3.11"));
        let left: Vec<&str> = imported.not_taken.iter().map(|left| left.what.as_str()).collect();
        assert_eq!(left, ["[scripts]", "the source other"]);
        assert!(imported.optional_groups.iter().map(Label::as_str).eq(["docs"]));
        assert!(pipfile("[packages").is_err());
    }

    #[test]
    fn what_an_index_has_stays_with_it() {
        let text = "[[source]]\nurl = 'https://pypi.acme.example/simple'\nname = 'acme'\n[[source]]\nurl = 'https://pypi.org/simple'\nname = 'pypi'\n\
                    [packages]\nidna = {version = '==3.6', index = 'pypi'}\nown = {version = '*', index = 'gone'}\n";
        let imported = pipfile(text).unwrap();
        let registries: Vec<_> =
            imported.registries.iter().map(|one| (&*one.name, &*one.url, one.packages.join(" "))).collect();
        assert_eq!(
            registries,
            [
                ("pypi", "https://pypi.acme.example/simple", String::new()),
                ("pypi-public", "https://pypi.org/simple", "idna".to_owned())
            ]
        );
        assert!(imported.not_taken.iter().any(|left| left.what == "the index gone of own"), "{:?}", imported.not_taken);
    }
}
