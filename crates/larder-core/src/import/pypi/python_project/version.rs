//! Versions that a build backend takes from a file: they are read where they are written literally.

use toml::{Table, Value};

use super::FileReader;

/// Returns the version that a backend would take from a file that its tables name.
pub(super) fn declared(document: &Table, name: Option<&str>, files: &FileReader<'_>) -> Option<String> {
    let tool = |path: &[&str]| {
        let tools = document.get("tool")?;
        path.iter().try_fold(tools, |value, key| value.get(*key))
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    if let Some(attribute) = text(tool(&["setuptools", "dynamic", "version", "attr"])) {
        return of_attribute(&attribute, &package_folders(document), files);
    }
    if let Some(file) = tool(&["setuptools", "dynamic", "version", "file"]) {
        let file = file.as_str().or_else(|| file.as_array()?.first()?.as_str())?;
        return plain(&files(file)?);
    }
    let backend = document.get("build-system").and_then(|system| system.get("build-backend")?.as_str()).unwrap_or("");
    let file = text(tool(&["hatch", "version", "path"]))
        .or_else(|| text(tool(&["pdm", "version", "path"])))
        .or_else(|| text(tool(&["scikit-build", "metadata", "version", "input"])));
    if let Some(file) = file {
        return assigned(&files(&file)?, &["__version__", "VERSION", "version"]);
    }
    if backend.starts_with("maturin") {
        let manifest = text(tool(&["maturin", "manifest-path"])).unwrap_or_else(|| "Cargo.toml".to_owned());
        let cargo: Table = files(&manifest)?.parse().ok()?;
        return text(cargo.get("package").and_then(|package| package.get("version")));
    }
    if backend.starts_with("flit") {
        let module = text(tool(&["flit", "module", "name"])).or_else(|| Some(name?.replace('-', "_")))?;
        return of_attribute(&format!("{module}.__version__"), &package_folders(document), files);
    }
    // What setuptools-scm, hatch-vcs and their like wrote when the project was last built.
    let written = ["version_file", "write_to"].iter().find_map(|key| text(tool(&["setuptools_scm", key])));
    let written = written.or_else(|| text(tool(&["hatch", "build", "hooks", "vcs", "version-file"])));
    assigned(&files(&written?)?, &["__version__", "version", "VERSION"])
}

/// Returns the value of `package.module.NAME`, if its module assigns a literal.
pub(super) fn of_attribute(attribute: &str, folders: &[String], files: &FileReader<'_>) -> Option<String> {
    let (module, name) = attribute.trim().rsplit_once('.')?;
    let path = module.replace('.', "/");
    folders.iter().find_map(|folder| {
        let base = if folder.is_empty() { path.clone() } else { format!("{folder}/{path}") };
        let text = files(&format!("{base}.py")).or_else(|| files(&format!("{base}/__init__.py")))?;
        assigned(&text, &[name])
    })
}

/// Returns the version that a file consists of.
pub(super) fn plain(text: &str) -> Option<String> {
    checked(text.trim())
}

/// Returns the string that a Python text assigns to the first of some names, at the beginning of a line.
fn assigned(text: &str, names: &[&str]) -> Option<String> {
    let value = |name: &str, line: &str| {
        let rest = line.strip_prefix(name)?.trim_start();
        let rest = rest.strip_prefix(": str").or_else(|| rest.strip_prefix(":str")).unwrap_or(rest).trim_start();
        // `__version__ = version = '1.0'`, as setuptools-scm writes it.
        let value = rest.strip_prefix('=')?.rsplit_once('=').map_or_else(|| rest[1..].trim(), |(_, last)| last.trim());
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        checked(value[1..].split(quote).next()?)
    };
    names.iter().find_map(|name| text.lines().find_map(|line| value(name, line)))
}

/// Returns a text, if it is a version.
fn checked(text: &str) -> Option<String> {
    text.parse::<pep440_rs::Version>().is_ok().then(|| text.to_owned())
}

/// Returns the folders in which a project's packages may lie.
pub(super) fn package_folders(document: &Table) -> Vec<String> {
    let own = document.get("tool").and_then(|tool| tool.get("setuptools")?.as_table());
    let root = own.and_then(|own| own.get("package-dir")?.get("")?.as_str());
    let found = own.and_then(|own| own.get("packages")?.get("find")?.get("where")?.as_array());
    let found = found.into_iter().flatten().filter_map(Value::as_str);
    let told = root.into_iter().chain(found).map(|folder| folder.trim_matches('/').trim_start_matches("./").to_owned());
    told.chain([String::new(), "src".to_owned()]).collect()
}
