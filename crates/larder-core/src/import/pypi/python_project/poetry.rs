//! Poetry's tables, for a pyproject.toml without `[project]`, or one whose `[project]` leaves the dependencies to them.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::project_table::{GroupItem, ProjectTable};
use crate::import::pypi::poetry::{PoetryDependency, poetry_dependencies, poetry_specifier};

/// Completes `[project]` from `[tool.poetry]`. Returns `None` if both are missing.
pub(super) fn completed(
    project: Option<ProjectTable>,
    poetry: Option<&Table>,
    groups: &mut BTreeMap<String, Vec<GroupItem>>,
) -> Option<ProjectTable> {
    let Some(poetry) = poetry else { return project };
    let word = |key: &str| poetry.get(key).and_then(Value::as_str).map(str::to_owned);
    let has_own = project.is_some();
    let mut project = project.unwrap_or_default();
    project.name = project.name.or_else(|| word("name"));
    project.version = project.version.or_else(|| word("version"));
    project.description = project.description.or_else(|| word("description"));
    let is_left = !has_own || project.dynamic.iter().any(|field| field == "dependencies");
    if let Some(own) = poetry.get("dependencies").and_then(Value::as_table).filter(|_| is_left) {
        project.dynamic.retain(|field| !matches!(field.as_str(), "dependencies" | "optional-dependencies"));
        let python = own.get("python").and_then(Value::as_str).and_then(poetry_specifier);
        project.requires_python = project.requires_python.or(python);
        for (name, wanted) in own.iter().filter(|(name, wanted)| *name != "python" && !is_optional(wanted)) {
            for item in items(name, wanted) {
                match item {
                    GroupItem::Folder(folder) => project.folders.push(folder),
                    GroupItem::Requirement(text) => project.dependencies.push(text),
                    GroupItem::Include { .. } => {}
                }
            }
        }
        for (extra, names) in poetry.get("extras").and_then(Value::as_table).into_iter().flatten() {
            let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
            let texts = names.filter_map(|name| Some(items(name, own.get(name)?))).flatten();
            let texts =
                texts.filter_map(|item| if let GroupItem::Requirement(text) = item { Some(text) } else { None });
            project.optional_dependencies.entry(extra.clone()).or_default().extend(texts);
        }
    }
    let named = poetry.get("group").and_then(Value::as_table).into_iter().flatten();
    let named = named.filter_map(|(name, group)| Some((name.as_str(), group.get("dependencies")?.as_table()?)));
    let older = poetry.get("dev-dependencies").and_then(Value::as_table).map(|group| ("dev", group));
    for (name, group) in named.chain(older) {
        let items = group.iter().flat_map(|(name, wanted)| items(name, wanted));
        groups.entry(name.to_owned()).or_default().extend(items);
    }
    Some(project)
}

/// Returns the items that an entry of a table of dependencies stands for.
fn items(name: &str, wanted: &Value) -> Vec<GroupItem> {
    let item = |dependency| match dependency {
        PoetryDependency::Folder(folder) => GroupItem::Folder(folder),
        PoetryDependency::Requirement(text) => GroupItem::Requirement(text),
    };
    poetry_dependencies(name, wanted).into_iter().map(item).collect()
}

fn is_optional(wanted: &Value) -> bool {
    wanted.get("optional") == Some(&Value::Boolean(true))
}
