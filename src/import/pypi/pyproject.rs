//! Python's pyproject.toml: `[project]` and `[dependency-groups]` (PEP 621, PEP 735).

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use crate::model::{Label, PackageName};

use crate::import::{ImportError, Imported, Runtimes};

use super::{pep508, poetry, uv};

/// Reads a pyproject.toml.
pub fn pyproject(text: &str) -> Result<Imported, ImportError> {
    let error = |e: toml::de::Error| ImportError { file: "pyproject.toml", reason: e.message().to_owned() };
    let document: Table = text.trim_start_matches('\u{feff}').parse().map_err(error)?;
    let project = document.get("project").and_then(Value::as_table);
    let string = |key: &str| project.and_then(|project| project.get(key)?.as_str()).map(str::to_owned);
    let mut imported = Imported {
        name: string("name"),
        version: string("version"),
        license: string("license"),
        runtimes: Runtimes { python: string("requires-python").into_iter().collect(), ..Runtimes::default() },
        ..Imported::default()
    };
    let reader = PyprojectReader { non_registry: non_registry(&document), project_name: imported.name.clone() };
    if let Some(project) = project {
        for text in strings(project.get("dependencies")) {
            reader.take(&mut imported, text, None);
        }
        for (name, list) in table(project.get("optional-dependencies")) {
            let Some(group) = group(name, &mut imported) else { continue };
            for text in strings(Some(list)) {
                reader.take(&mut imported, text, Some(&group));
            }
        }
    }
    let groups: Vec<(&str, &Value)> = table(document.get("dependency-groups")).collect();
    for (name, _) in &groups {
        let Some(group) = group(name, &mut imported) else { continue };
        let mut open = BTreeSet::new();
        reader.dependency_group(name, &groups, &group, &mut (&mut imported, &mut open));
        if imported.lines.iter().any(|line| line.group.as_ref() == Some(&group)) {
            imported.dev_groups.insert(group);
        }
    }
    let of_uv = document.get("tool").and_then(|tool| tool.get("uv")?.get("dev-dependencies"));
    if let (Some(list), Ok(dev)) = (of_uv, "dev".parse::<Label>()) {
        for text in strings(Some(list)) {
            reader.take(&mut imported, text, Some(&dev));
        }
        imported.dev_groups.extend(imported.lines.iter().any(|line| line.group.as_ref() == Some(&dev)).then_some(dev));
    }
    if let Some(of_poetry) = document.get("tool").and_then(|tool| tool.get("poetry")?.as_table()) {
        poetry::read(of_poetry, &mut imported);
    }
    if let Some(of_uv) = document.get("tool").and_then(|tool| tool.get("uv")?.as_table()) {
        uv::settings(of_uv, &from_index(of_uv), &mut imported);
    }
    Ok(imported)
}

struct PyprojectReader {
    /// Packages whose source is not a registry, by `[tool.uv.sources]`.
    non_registry: BTreeSet<String>,
    /// The name of the project. Its extras refer to each other by it.
    project_name: Option<String>,
}

impl PyprojectReader {
    fn take(&self, imported: &mut Imported, text: &str, group: Option<&Label>) {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
        let name = normal(&text[..end]);
        if self.project_name.as_deref().map(normal).is_some_and(|own| own == name) {
            return imported.refuse(text, "it is the project itself: let an environment include the groups");
        }
        if self.non_registry.contains(&name) {
            return imported.refuse(text, "[tool.uv.sources] has it from another place: use `path`, or a registry");
        }
        pep508::take(imported, text, group);
    }

    /// Reads a group and the groups that it includes. Groups may include each other in a cycle.
    fn dependency_group<'a>(
        &self,
        name: &str,
        groups: &[(&'a str, &'a Value)],
        group: &Label,
        (imported, open): &mut (&mut Imported, &mut BTreeSet<String>),
    ) {
        if !open.insert(normal(name)) {
            return;
        }
        let Some((_, list)) = groups.iter().find(|(other, _)| normal(other) == normal(name)) else {
            return imported.refuse(format!("include-group {name}"), "there is no such group");
        };
        for entry in list.as_array().into_iter().flatten() {
            match (entry.as_str(), entry.get("include-group").and_then(Value::as_str)) {
                (Some(text), _) => self.take(imported, text, Some(group)),
                (_, Some(included)) => {
                    self.dependency_group(included, groups, group, &mut (&mut **imported, &mut **open));
                }
                _ => imported.refuse(entry.to_string(), "it is neither a requirement nor an included group"),
            }
        }
    }
}

/// Returns the packages that `[tool.uv.sources]` takes from an index, by its name.
fn from_index(uv: &Table) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, source) in uv.get("sources").and_then(Value::as_table).into_iter().flatten() {
        let sources = source.as_array().map_or(std::slice::from_ref(source), Vec::as_slice);
        for index in sources.iter().filter_map(|source| source.get("index")?.as_str()) {
            found.entry(index.to_owned()).or_default().push(normal(name));
        }
    }
    found
}

fn non_registry(document: &Table) -> BTreeSet<String> {
    let sources = document.get("tool").and_then(|tool| tool.get("uv")?.get("sources")?.as_table());
    let foreign = |source: &Value| ["git", "url", "path", "workspace"].iter().any(|key| source.get(key).is_some());
    let foreign = |source: &Value| foreign(source) || source.as_array().is_some_and(|all| all.iter().any(foreign));
    sources.into_iter().flatten().filter(|(_, source)| foreign(source)).map(|(name, _)| normal(name)).collect()
}

fn group(name: &str, imported: &mut Imported) -> Option<Label> {
    let label = name.parse().ok();
    if label.is_none() {
        imported.refuse(format!("group {name}"), "its name cannot be a group's");
    }
    label
}

fn table(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value.and_then(Value::as_table).into_iter().flatten().map(|(name, list)| (name.as_str(), list))
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn normal(name: &str) -> String {
    PackageName::pypi(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}
