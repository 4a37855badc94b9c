//! A Python project of another tool: its pyproject.toml, or the setup.cfg and setup.py of one that has none.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::python_project::{
    FileReader, GroupItem, LockedRequirement, PythonProject, UV_LOCK, UvSource, UvSources, project_or_groups,
    uv_sources, with_own_file,
};
use crate::import::{FolderLine, ImportError, Imported, Runtimes};
use crate::model::{Label, LocalFile, PackageName, Requirement, Source, Url};

use super::installed_groups::{self, InstalledGroups};
use super::pep508::{self, RequirementText};
use super::{ECOSYSTEM, pdm, pixi, poetry, rye, uv};

/// Reads a pyproject.toml without the files that it may leave something to.
///
/// # Errors
/// The text is no pyproject.toml.
pub fn pyproject(text: &str) -> Result<Imported, ImportError> {
    python(&|file| (file == "pyproject.toml").then(|| text.to_owned()))
}

/// Reads the Python project of a folder. A package with a build system is taken as a whole, by `path "."`, which asks for what it
/// asks for; its extras become groups that no environment includes. What is none is taken line by line.
///
/// # Errors
/// A file cannot be read.
pub fn python(files: &FileReader<'_>) -> Result<Imported, ImportError> {
    let error = |reason: String| ImportError { file: "pyproject.toml", reason };
    let text = files("pyproject.toml").unwrap_or_default();
    let document: Table =
        text.trim_start_matches('\u{feff}').parse().map_err(|e: toml::de::Error| error(e.message().to_owned()))?;
    let document = with_own_file(document, files).map_err(error)?;
    let tool = |name: &str| document.get("tool").and_then(|tool| tool.get(name)?.as_table());
    let mut imported = Imported::default();
    let mut project = project_or_groups(files).map_err(error)?;
    if let Some(project) = project.as_mut().filter(|project| !project.computed.is_empty())
        && let Some(lock) = files(UV_LOCK)
        && let Some(told) = project.take_locked_metadata(&lock, "")
        && let Some(name) = project.name.as_deref().filter(|_| project.is_package)
    {
        imported.extend_computed(name, &told);
    }
    let license = document.get("project").and_then(|project| project.get("license")?.as_str()).map(str::to_owned);
    imported.license = license;
    let own_name = project.as_ref().and_then(|project| project.name.as_deref()).map(normal);
    let is_root = project.as_ref().is_some_and(is_whole);
    let sources = match &project {
        Some(project) => project.sources(),
        None => uv_sources(document.get("tool").and_then(Value::as_table)),
    };
    let reader = RequirementReader { sources, own_name, is_root };
    if let Some(project) = &project {
        imported.name.clone_from(&project.name);
        imported.version.clone_from(&project.version);
        imported.runtimes =
            Runtimes { python: project.requires_python.iter().cloned().collect(), ..Runtimes::default() };
        reader.project(project, &mut imported);
        let items: Vec<(&str, &[GroupItem])> =
            project.groups.iter().map(|(name, items)| (name.as_str(), items.as_slice())).collect();
        let installed = InstalledGroups::read(&document, &project.groups, files);
        for (name, _) in &items {
            let Some(group) = group(name, &mut imported) else { continue };
            reader.dependency_group(name, &items, &group, &mut (&mut imported, &mut BTreeSet::new()));
            if installed.has(name) {
                imported.optional_groups.remove(&group);
            } else {
                imported.optional_groups.insert(group.clone());
            }
            note_dev(group, &mut imported);
        }
    }
    if let Some(of_poetry) = tool("poetry") {
        poetry::settings(of_poetry, &mut imported);
    }
    let pdm_toml = files(PDM_TOML).map(|text| beside(PDM_TOML, &text)).transpose().map_err(error)?;
    if tool("pdm").is_some() || pdm_toml.is_some() {
        pdm::settings(tool("pdm").unwrap_or(&Table::new()), pdm_toml.as_ref(), &mut imported);
    }
    if let Some(of_rye) = tool("rye") {
        rye::settings(of_rye, &mut imported);
    }
    if let Some(of_pixi) = tool("pixi") {
        let own = project.as_ref().and_then(|project| project.name.as_deref());
        pixi::settings(of_pixi, own, &mut imported);
    }
    let uv_toml = files(UV_TOML).map(|text| beside(UV_TOML, &text)).transpose().map_err(error)?;
    let of_uv = configured(tool("uv"), uv_toml, &mut imported);
    if let Some(of_uv) = &of_uv {
        let own = project.unwrap_or_default();
        installed_groups::take_conflicts(of_uv, &own, &mut imported);
        uv::settings(of_uv, &from_index(of_uv), &mut imported);
    }
    Ok(imported)
}

/// uv's own file of settings.
const UV_TOML: &str = "uv.toml";

/// PDM's own file of settings.
const PDM_TOML: &str = "pdm.toml";

/// Parses a file of settings beside a pyproject.toml.
fn beside(file: &str, text: &str) -> Result<Table, String> {
    let read = text.trim_start_matches('\u{feff}').parse();
    read.map_err(|e: toml::de::Error| format!("the {file} beside it: {}", e.message()))
}

/// Returns `[tool.uv]` with what the uv.toml beside it sets in its place. Of the indexes of the table, uv has those then that sources name,
/// for their packages.
fn configured(of_uv: Option<&Table>, file: Option<Table>, imported: &mut Imported) -> Option<Table> {
    const INDEX: &str = "index";
    let Some(mut own) = file else { return of_uv.cloned() };
    let mut all = of_uv.cloned().unwrap_or_default();
    let named = from_index(&all);
    if let (Some(Value::Array(theirs)), Some(Value::Array(indexes))) = (all.get(INDEX), own.get_mut(INDEX)) {
        let name_of = |index: &Value| index.get("name").and_then(Value::as_str).map(str::to_owned);
        for index in theirs.iter().filter_map(Value::as_table) {
            let name = index.get("name").and_then(Value::as_str).unwrap_or_default();
            if indexes.iter().any(|known| name_of(known).as_deref() == Some(name)) {
                continue;
            }
            if !named.contains_key(name) {
                let url = index.get("url").and_then(Value::as_str).unwrap_or_default();
                let what = if name.is_empty() { Url::mask(url) } else { name.to_owned() };
                imported.refuse(format!("tool.uv.index {what}"), "uv.toml has indexes, and uv asks those instead");
                continue;
            }
            let mut index = index.clone();
            index.remove("default");
            index.insert("explicit".to_owned(), true.into());
            indexes.push(index.into());
        }
    }
    all.extend(own);
    Some(all)
}

impl Imported {
    /// Adds `extend` lines for what a build computed that a project asks for: without its lockfile nothing else says it. One that asks for
    /// nothing asks for itself.
    pub fn extend_computed(&mut self, project: &str, told: &[LockedRequirement]) {
        if told.is_empty() {
            self.add_extension(ECOSYSTEM, &normal(project), (&normal(project), ""), None);
        }
        for one in told {
            self.add_extension(ECOSYSTEM, &normal(project), (&one.name(), one.range()), one.when());
        }
    }
}

/// Returns whether a project is a package of which all that it asks for is known.
fn is_whole(project: &PythonProject) -> bool {
    project.is_package && project.name.is_some() && project.computed.is_empty()
}

/// Notes a group for development, if it has lines.
fn note_dev(group: Label, imported: &mut Imported) {
    if imported.has_group(&group) {
        imported.dev_groups.insert(group);
    }
}

struct RequirementReader {
    /// Packages that uv takes from elsewhere than a registry.
    sources: UvSources,
    /// The name of the project. Its extras refer to each other by it.
    own_name: Option<String>,
    /// Whether the project is taken as a whole.
    is_root: bool,
}

impl RequirementReader {
    /// Takes the project as a whole, or its dependencies and extras.
    fn project(&self, project: &PythonProject, imported: &mut Imported) {
        if self.is_root {
            imported.take_folder(FolderLine { folder: ".", ..FolderLine::default() }, None);
            let names = project.dependencies.iter().filter_map(|text| Some(normal(pep508::split(text).ok()?.name)));
            imported.provided.extend(names.collect::<Vec<_>>());
        } else {
            for text in &project.dependencies {
                self.take(imported, text, None);
            }
            for folder in &project.folders {
                imported.take_folder(FolderLine { folder, ..FolderLine::default() }, None);
            }
            for field in project.computed.iter().filter(|_| project.is_package) {
                imported.refuse(
                    format!("{field} of the project itself"),
                    "a build computes them: write them into `[project]`, and `path \".\"` into larder.kdl, or write lines",
                );
            }
        }
        for (extra, requirements) in &project.optional_dependencies {
            let Some(group) = group(extra, imported) else { continue };
            imported.optional_groups.insert(group.clone());
            if self.is_root {
                imported.take_folder(FolderLine { folder: ".", extras: extra, ..FolderLine::default() }, Some(&group));
                continue;
            }
            for text in requirements {
                self.take(imported, text, Some(&group));
            }
        }
    }

    fn take(&self, imported: &mut Imported, text: &str, group: Option<&Label>) {
        let Ok(RequirementText { name, extras, when, .. }) = pep508::split(text) else {
            return pep508::take(imported, text, group);
        };
        let name = normal(name);
        if self.own_name.as_ref() == Some(&name) {
            if self.is_root && !extras.is_empty() {
                return imported.take_folder(FolderLine { folder: ".", extras, seen_as: None, when }, group);
            }
            return imported.refuse(text, "it is the project itself: let an environment include the groups");
        }
        match PackageName::pypi(&name).ok().and_then(|name| self.sources.get(&name)) {
            None => pep508::take(imported, text, group),
            Some(UvSource::Folder(folder)) => {
                imported.take_folder(FolderLine { folder, extras, seen_as: Some(&name), when }, group);
            }
            Some(UvSource::Workspace) => {
                imported.workspace.insert((ECOSYSTEM, name));
                pep508::take(imported, text, group);
            }
            Some(UvSource::Outside(source)) => match Requirement::from_pep508(text) {
                Ok(wanted) => pep508::take_source(imported, &wanted, source.clone(), group),
                Err(error) => imported.refuse(text, error.to_string()),
            },
            Some(UvSource::File(path)) => {
                let bare = Requirement::from_pep508(text).map_err(|error| error.to_string());
                let file = LocalFile::within("", path).map_err(|error| format!("`{path}` {error}"));
                match bare.and_then(|wanted| Ok((wanted, file?))) {
                    Ok((wanted, file)) => pep508::take_source(imported, &wanted, Source::File(file), group),
                    Err(error) => imported.refuse(text, error),
                }
            }
            Some(UvSource::Elsewhere) => {
                imported.refuse(text, "[tool.uv.sources] has it from where larder does not install");
            }
        }
    }

    /// Reads a group and the groups that it includes. Groups may include each other in a cycle.
    fn dependency_group<'a>(
        &self,
        name: &str,
        groups: &[(&'a str, &'a [GroupItem])],
        group: &Label,
        (imported, open): &mut (&mut Imported, &mut BTreeSet<String>),
    ) {
        if !open.insert(normal(name)) {
            return;
        }
        let Some((_, items)) = groups.iter().find(|(other, _)| normal(other) == normal(name)) else {
            return imported.refuse(format!("include-group {name}"), "there is no such group");
        };
        for item in *items {
            match item {
                GroupItem::Requirement(text) => self.take(imported, text, Some(group)),
                GroupItem::Folder(folder) => {
                    imported.take_folder(FolderLine { folder, ..FolderLine::default() }, Some(group));
                }
                GroupItem::Include { group: included } => {
                    self.dependency_group(included, groups, group, &mut (&mut **imported, &mut **open));
                }
            }
        }
    }
}

/// Returns the packages that `[tool.uv.sources]` takes from an index, by its name; none of those that come from one or another.
fn from_index(uv: &Table) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, source) in uv.get("sources").and_then(Value::as_table).into_iter().flatten() {
        let sources = source.as_array().map_or(std::slice::from_ref(source), Vec::as_slice);
        let indexes: BTreeSet<&str> = sources.iter().filter_map(|source| source.get("index")?.as_str()).collect();
        for index in &indexes {
            let packages = found.entry((*index).to_owned()).or_default();
            packages.extend((indexes.len() == 1).then(|| normal(name)));
        }
    }
    found
}

fn group(name: &str, imported: &mut Imported) -> Option<Label> {
    let label = name.parse().ok();
    if label.is_none() {
        imported.refuse(format!("group {name}"), "its name cannot be a group's");
    }
    label
}

fn normal(name: &str) -> String {
    PackageName::pypi(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}
