//! What setuptools takes from elsewhere than `[project]`: the files that `[tool.setuptools.dynamic]` names, setup.cfg, and what is
//! written literally in setup.py.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::setup_cfg::{self, SetupCfg};
use super::setup_py::{self, SetupPy};
use super::{FileReader, GroupItem, PYPROJECT, PythonProject, license, version};

/// The fields that `[project]` may leave to setuptools. `None`: nothing that can be read says it.
#[derive(Debug, Default)]
pub(super) struct SetuptoolsFields {
    pub(super) version: Option<String>,
    pub(super) requires_python: Option<String>,
    pub(super) dependencies: Option<Vec<String>>,
    pub(super) optional_dependencies: Option<BTreeMap<String, Vec<String>>>,
    pub(super) entry_points: Vec<(String, Vec<(String, String)>)>,
}

/// Reads what `[project]` calls dynamic. Another backend's computed fields are known to a build only.
pub(super) fn dynamic(document: &Table, files: &FileReader<'_>) -> SetuptoolsFields {
    let backend = document.get("build-system").and_then(|system| system.get("build-backend")?.as_str());
    if backend.is_some_and(|backend| !backend.starts_with("setuptools")) {
        return SetuptoolsFields::default();
    }
    let mut told = legacy(files, &version::package_folders(document));
    let tables = document.get("tool").and_then(|tool| tool.get("setuptools")?.get("dynamic")?.as_table());
    // What a table says is said by nothing else.
    if let Some(value) = tables.and_then(|tables| tables.get("dependencies")) {
        told.dependencies = from_files(value, files);
    }
    if let Some(extras) = tables.and_then(|tables| tables.get("optional-dependencies")?.as_table()) {
        let read = |(extra, value): (&String, &Value)| Some((extra.clone(), from_files(value, files)?));
        told.optional_dependencies = extras.iter().map(read).collect();
    }
    told
}

/// Reads a project that has no `[project]`: its setup.cfg and setup.py.
pub(super) fn without_project_table(
    document: Table,
    groups: BTreeMap<String, Vec<GroupItem>>,
    files: &FileReader<'_>,
) -> Option<PythonProject> {
    let cfg = files(setup_cfg::FILE).map(|text| SetupCfg::parse(&text));
    let py = SetupPy::read(files);
    let of_cfg = cfg.as_ref().and_then(|cfg| cfg.get("metadata", "name"));
    let name = of_cfg.map(str::to_owned).or_else(|| py.as_ref()?.text("name"));
    // A setup.cfg may be there for the settings of tools alone.
    if name.is_none() && py.is_none() {
        // Groups are for whoever works here, with or without a package.
        return (!groups.is_empty()).then(|| PythonProject {
            groups,
            has_groups_alone: true,
            file: PYPROJECT,
            document,
            ..PythonProject::default()
        });
    }
    let told = legacy(files, &version::package_folders(&document));
    let description = cfg.as_ref().and_then(|cfg| cfg.get("metadata", "description")).map(str::to_owned);
    let mut computed = Vec::new();
    let mut known = |field: &str, is_known: bool| computed.extend((!is_known).then(|| field.to_owned()));
    known("dependencies", told.dependencies.is_some());
    known("optional-dependencies", told.optional_dependencies.is_some());
    Some(PythonProject {
        name,
        version: told.version,
        description: description.or_else(|| py.as_ref()?.text("description")),
        license: license::of_setuptools(cfg.as_ref(), py.as_ref()),
        requires_python: told.requires_python,
        dependencies: told.dependencies.unwrap_or_default(),
        folders: Vec::new(),
        named_folders: BTreeMap::new(),
        optional_dependencies: told.optional_dependencies.unwrap_or_default(),
        groups,
        entry_points: told.entry_points,
        computed,
        is_package: true,
        has_groups_alone: false,
        file: if of_cfg.is_some() { setup_cfg::FILE } else { setup_py::FILE },
        document,
    })
}

/// Reads setup.cfg and setup.py; what both say, setup.cfg says. A file that does not say a field leaves it empty, unless a program
/// computes it.
fn legacy(files: &FileReader<'_>, folders: &[String]) -> SetuptoolsFields {
    let (cfg, py) = (files(setup_cfg::FILE), SetupPy::read(files));
    if cfg.is_none() && py.is_none() {
        return SetuptoolsFields::default();
    }
    let cfg = cfg.map(|text| SetupCfg::parse(&text)).unwrap_or_default();
    let py = py.unwrap_or_default();
    let option = |section, key| cfg.get(section, key).filter(|value| !value.is_empty());
    let version = option("metadata", "version").map_or_else(
        || py.text("version"),
        |value| match (value.strip_prefix("attr:"), value.strip_prefix("file:")) {
            (Some(attribute), _) => version::of_attribute(attribute, folders, files),
            (_, Some(file)) => files(file.trim()).and_then(|text| version::plain(&text)),
            _ => Some(value.to_owned()),
        },
    );
    let list = |value: &str| match value.strip_prefix("file:") {
        Some(names) => names.split(',').map(|name| Some(requirement_lines(&files(name.trim())?))).try_fold(
            Vec::new(),
            |mut all, one| {
                all.extend(one?);
                Some(all)
            },
        ),
        None => Some(setup_cfg::lines(value)),
    };
    let dependencies = match option("options", "install_requires") {
        Some(value) => list(value),
        None => py.list("install_requires"),
    };
    let mut extras = cfg.section("options.extras_require").peekable();
    let optional_dependencies = if extras.peek().is_some() {
        extras.map(|(extra, value)| Some((extra.to_owned(), list(value)?))).collect()
    } else {
        py.table("extras_require")
    };
    let entries = |lines: Vec<String>| -> Vec<(String, String)> {
        let pairs = lines.iter().filter_map(|line| line.split_once('='));
        pairs.map(|(name, object)| (name.trim().to_owned(), object.trim().to_owned())).collect()
    };
    let of_cfg = cfg.section("options.entry_points");
    let mut entry_points: Vec<_> =
        of_cfg.map(|(group, value)| (group.to_owned(), entries(setup_cfg::lines(value)))).collect();
    if entry_points.is_empty() {
        let groups = py.table("entry_points").unwrap_or_default();
        entry_points = groups.into_iter().map(|(group, lines)| (group, entries(lines))).collect();
    }
    let requires_python =
        option("options", "python_requires").map(str::to_owned).or_else(|| py.text("python_requires"));
    SetuptoolsFields { version, requires_python, dependencies, optional_dependencies, entry_points }
}

/// Returns the requirements of the files that `{file = […]}` names. Those of pip's options are none that setuptools takes.
fn from_files(value: &Value, files: &FileReader<'_>) -> Option<Vec<String>> {
    of_files(value.get("file")?, files)
}

/// Returns the requirements of a file, or of a list of files.
pub(super) fn of_files(value: &Value, files: &FileReader<'_>) -> Option<Vec<String>> {
    let names: Vec<&str> = match value {
        Value::String(name) => vec![name],
        several => several.as_array()?.iter().filter_map(Value::as_str).collect(),
    };
    let mut all = Vec::new();
    for name in names {
        all.extend(requirement_lines(&files(name)?));
    }
    Some(all)
}

/// Returns the requirements of a file with one on each line.
fn requirement_lines(text: &str) -> Vec<String> {
    setup_cfg::lines(text).into_iter().filter(|line| !line.starts_with('-')).collect()
}
