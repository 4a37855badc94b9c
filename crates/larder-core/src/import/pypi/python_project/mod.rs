//! A Python project, as the files in its folder describe it: what any build backend would put into the package's metadata, as far as
//! files say it and no program has to run.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `project_table` | `[project]` (PEP 621) and dependency groups (PEP 735) |
//! | `folders` | requirements that name a folder by where the project lies |
//! | `hatch` | Hatch's environments; what `[project]` calls dynamic, from the requirements files of a hook of Hatch |
//! | `history` | versions that a tool takes from a git repository |
//! | `license` | what it says of its license |
//! | `pdm` | PDM's groups for development |
//! | `poetry` | Poetry's tables, where `[project]` leaves something to them |
//! | `pure` | which modules it has, where no build has to run to know |
//! | `setuptools` | what `[project]` calls dynamic, from setuptools' tables, setup.cfg and setup.py |
//! | `setup_cfg`, `setup_py` | the two files; of setup.py what is written literally |
//! | `uv_lock` | what a build computed when uv.lock was written |
//! | `uv_sources` | where uv takes some dependencies from |
//! | `version` | versions that a backend takes from a file |

mod folders;
mod hatch;
mod history;
mod license;
mod pdm;
mod poetry;
mod project_table;
mod pure;
mod setup_cfg;
mod setup_py;
mod setuptools;
mod uv;
mod uv_lock;
mod uv_sources;
mod version;

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::model::{LicenseHeaders, PackageName};

use project_table::ProjectTable;

pub(super) use hatch::{environments_on_demand, with_own_file};
pub use history::{Describe, DescribedCommit, version_from_history};
pub use project_table::GroupItem;
pub use uv_lock::{LockedRequirement, UV_LOCK};
pub use uv_sources::{UvSource, UvSources, uv_sources};

/// Reads a file of the project's folder, by its path relative to that. Returns `None` if it does not exist, lies elsewhere or is no text.
pub type FileReader<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The files of which the first that describes a package is the manifest.
pub const PYTHON_MANIFESTS: [&str; 3] = [PYPROJECT, setup_cfg::FILE, setup_py::FILE];

const PYPROJECT: &str = "pyproject.toml";

/// A Python project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PythonProject {
    /// Its name, as written.
    pub name: Option<String>,
    /// Its version. `None` if only a build knows it.
    pub version: Option<String>,
    /// What it is, in one line.
    pub description: Option<String>,
    /// What it says of its license.
    pub license: LicenseHeaders,
    /// The interpreters that it admits.
    pub requires_python: Option<String>,
    /// Its dependencies, as PEP 508 writes them.
    pub dependencies: Vec<String>,
    /// The folders that it depends on, relative to its own.
    pub folders: Vec<String>,
    /// The folders and archives that requirements name for their packages, relative to its own folder.
    pub named_folders: BTreeMap<PackageName, String>,
    /// The dependencies of its extras.
    pub optional_dependencies: BTreeMap<String, Vec<String>>,
    /// Its dependency groups.
    pub groups: BTreeMap<String, Vec<GroupItem>>,
    /// Its entry points: group, then name and object.
    pub entry_points: Vec<(String, Vec<(String, String)>)>,
    /// The fields that only a build knows: `dependencies`, `optional-dependencies`.
    pub computed: Vec<String>,
    /// Whether a build backend makes a package of it, so that it can be installed.
    pub is_package: bool,
    /// Whether nothing describes a project, and there are groups all the same.
    has_groups_alone: bool,
    /// The file that says most of it, relative to its folder.
    pub file: &'static str,
    /// The whole pyproject.toml; empty if there is none.
    pub document: Table,
}

impl PythonProject {
    /// Returns `[tool]`.
    pub fn tool(&self) -> Option<&Table> {
        self.document.get("tool").and_then(Value::as_table)
    }

    /// Returns where its dependencies come from that are from no registry: what `[tool.uv.sources]` has, and folders that requirements name.
    pub fn sources(&self) -> UvSources {
        let mut sources = uv_sources(self.tool());
        for (name, folder) in &self.named_folders {
            sources.entry(name.clone()).or_insert_with(|| UvSource::at_path(folder));
        }
        sources
    }

    /// Returns the dependencies and those of the extras, as `Requires-Dist` has them.
    pub fn requires_dist(&self) -> Vec<String> {
        let of_extras = self.optional_dependencies.iter();
        let of_extras = of_extras.flat_map(|(extra, all)| all.iter().map(|one| behind_extra(one, extra)));
        self.dependencies.iter().map(|one| one.replace('\n', " ")).chain(of_extras).collect()
    }
}

/// Reads the project. Returns `None` if no file of the folder describes one: a pyproject.toml may be there for the settings of tools
/// alone, or for groups.
///
/// # Errors
/// The pyproject.toml cannot be read; the reason, as a sentence.
pub fn python_project(files: &FileReader<'_>) -> Result<Option<PythonProject>, String> {
    Ok(project_or_groups(files)?.filter(|read| !read.has_groups_alone))
}

/// Reads the project, or the dependency groups of a folder that has none.
pub(in crate::import) fn project_or_groups(files: &FileReader<'_>) -> Result<Option<PythonProject>, String> {
    let text = files(PYPROJECT);
    let document: Table = match &text {
        Some(text) => {
            text.trim_start_matches('\u{feff}').parse().map_err(|e: toml::de::Error| e.message().to_owned())?
        }
        None => Table::new(),
    };
    let document = if text.is_some() { hatch::with_own_file(document, files)? } else { document };
    let table: Option<ProjectTable> = typed(document.get("project"))?;
    let mut groups: BTreeMap<String, Vec<GroupItem>> = typed(document.get("dependency-groups"))?.unwrap_or_default();
    let of_poetry = document.get("tool").and_then(|tool| tool.get("poetry")?.as_table());
    hatch::add_environments(&document, &mut groups);
    pdm::add_groups(&document, &mut groups);
    uv::add_groups(&document, &mut groups);
    let Some(mut table) = poetry::completed(table, of_poetry, &mut groups) else {
        return Ok(setuptools::without_project_table(document, groups, files));
    };
    let is_dynamic = |table: &ProjectTable, field: &str| table.dynamic.iter().any(|dynamic| dynamic == field);
    let mut entry_points = project_entry_points(&document, of_poetry);
    if !table.dynamic.is_empty() {
        let told = hatch::dynamic(&document, files).unwrap_or_else(|| setuptools::dynamic(&document, files));
        if let Some(found) = told.dependencies.filter(|_| is_dynamic(&table, "dependencies")) {
            table.dependencies = found;
            table.dynamic.retain(|field| field != "dependencies");
        }
        if let Some(found) = told.optional_dependencies.filter(|_| is_dynamic(&table, "optional-dependencies")) {
            table.optional_dependencies = found;
            table.dynamic.retain(|field| field != "optional-dependencies");
        }
        if ["scripts", "gui-scripts", "entry-points"].iter().any(|field| is_dynamic(&table, field)) {
            entry_points.extend(told.entry_points);
        }
        if is_dynamic(&table, "requires-python") {
            table.requires_python = table.requires_python.or(told.requires_python);
        }
        if is_dynamic(&table, "version") {
            table.version = version::declared(&document, table.name.as_deref(), files).or(told.version);
        }
    }
    let mut named_folders = BTreeMap::new();
    let of_extras = table.optional_dependencies.values_mut().flatten();
    folders::take_all(table.dependencies.iter_mut().chain(of_extras), &mut named_folders);
    for items in groups.values_mut() {
        folders::take_all(folders::texts(items), &mut named_folders);
    }
    let computed = ["dependencies", "optional-dependencies"].into_iter().filter(|field| is_dynamic(&table, field));
    Ok(Some(PythonProject {
        computed: computed.map(str::to_owned).collect(),
        name: table.name,
        version: table.version,
        description: table.description,
        license: license::of_document(&document),
        requires_python: table.requires_python,
        dependencies: table.dependencies,
        folders: table.folders,
        named_folders,
        optional_dependencies: table.optional_dependencies,
        groups,
        entry_points,
        is_package: document.contains_key("build-system") && !is_virtual(&document),
        has_groups_alone: false,
        file: PYPROJECT,
        document,
    }))
}

/// Returns a requirement of an extra, as `Requires-Dist` has it.
pub fn behind_extra(requirement: &str, extra: &str) -> String {
    let requirement = requirement.replace('\n', " ");
    match requirement.split_once(';') {
        Some((bare, marker)) => format!("{}; ({}) and extra == '{extra}'", bare.trim(), marker.trim()),
        None => format!("{requirement}; extra == '{extra}'"),
    }
}

fn typed<T: serde::de::DeserializeOwned>(value: Option<&Value>) -> Result<Option<T>, String> {
    value.cloned().map(Value::try_into).transpose().map_err(|error| error.message().to_owned())
}

/// Returns whether uv, Poetry or Rye are told that the project is no package: nothing of it is imported.
pub fn is_virtual(document: &Table) -> bool {
    let has = |tool: &str, key: &str, value: bool| {
        document.get("tool").and_then(|tools| tools.get(tool)?.get(key)) == Some(&Value::Boolean(value))
    };
    has("uv", "package", false) || has("poetry", "package-mode", false) || has("rye", "virtual", true)
}

/// Returns the entry points of `[project]`. Poetry's own table may have the scripts where it has none.
fn project_entry_points(document: &Table, of_poetry: Option<&Table>) -> Vec<(String, Vec<(String, String)>)> {
    let project = document.get("project").and_then(Value::as_table).or(of_poetry);
    let mut groups: Vec<(&str, &Table)> = Vec::new();
    for (key, group) in [("scripts", "console_scripts"), ("gui-scripts", "gui_scripts")] {
        let scripts = project.and_then(|project| project.get(key)).or_else(|| of_poetry?.get(key));
        groups.extend(scripts.and_then(Value::as_table).map(|table| (group, table)));
    }
    let others = project.and_then(|project| project.get("entry-points")?.as_table());
    let plugins = of_poetry.and_then(|poetry| poetry.get("plugins")?.as_table());
    for (group, entries) in others.into_iter().chain(plugins).flatten() {
        groups.extend(entries.as_table().map(|table| (group.as_str(), table)));
    }
    let entries = |table: &Table| -> Vec<(String, String)> {
        table.iter().filter_map(|(name, object)| Some((name.clone(), object.as_str()?.to_owned()))).collect()
    };
    groups.into_iter().map(|(group, table)| (group.to_owned(), entries(table))).collect()
}

#[cfg(test)]
mod tests;
