//! What Hatch's tables say besides `[project]`: the dependencies of its environments (<https://hatch.pypa.io/latest/config/environment/>),
//! and what hatch-requirements-txt takes from requirements files (<https://github.com/repo-helper/hatch-requirements-txt>).

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::FileReader;
use super::folders;
use super::project_table::GroupItem;
use super::setuptools::{SetuptoolsFields, of_files};

/// Reads what `[project]` calls dynamic, if the hook is there.
pub(super) fn dynamic(document: &Table, files: &FileReader<'_>) -> Option<SetuptoolsFields> {
    let hooks = document.get("tool")?.get("hatch")?.get("metadata")?.get("hooks")?;
    let hook = hooks.get("requirements_txt")?;
    let extras = hook.get("optional-dependencies").and_then(Value::as_table);
    let extra = |(name, value): (&String, &Value)| Some((name.clone(), of_files(value, files)?));
    Some(SetuptoolsFields {
        dependencies: hook.get("files").or_else(|| hook.get("filename")).and_then(|value| of_files(value, files)),
        optional_dependencies: extras.map(|extras| extras.iter().map(extra).collect()).unwrap_or_default(),
        ..SetuptoolsFields::default()
    })
}

/// Adds the dependencies of Hatch's environments to the groups of their names.
pub(super) fn add_environments(document: &Table, groups: &mut BTreeMap<String, Vec<GroupItem>>) {
    for (name, environment) in environments(document) {
        let lists =
            ["dependencies", "extra-dependencies"].into_iter().filter_map(|key| environment.get(key)?.as_array());
        let items: Vec<GroupItem> = lists
            .flatten()
            .filter_map(|text| text.as_str())
            // What has fields of Hatch's own is known in its environment only.
            .filter(|text| !text.contains('{') || folders::split(text).is_some())
            .map(|text| GroupItem::Requirement(text.to_owned()))
            .collect();
        if !items.is_empty() {
            groups.entry(name.clone()).or_default().extend(items);
        }
    }
}

/// Returns the environments that Hatch makes only when asked to: all but the one that it takes unasked, and those for development.
pub(in crate::import::pypi) fn environments_on_demand(document: &Table) -> impl Iterator<Item = &str> {
    let names = environments(document).map(|(name, _)| name.as_str());
    names.filter(|name| !["default", "dev", "test", "tests"].contains(name))
}

/// Hatch's own file of settings.
const HATCH_TOML: &str = "hatch.toml";

/// Returns a pyproject.toml with what Hatch's own file beside it sets in the place of `[tool.hatch]`.
///
/// # Errors
/// The file is no TOML; the reason, as a sentence.
pub(in crate::import::pypi) fn with_own_file(mut document: Table, files: &FileReader<'_>) -> Result<Table, String> {
    let Some(text) = files(HATCH_TOML) else { return Ok(document) };
    let read = text.trim_start_matches('\u{feff}').parse::<Table>();
    let own = read.map_err(|error| format!("the {HATCH_TOML} beside it: {}", error.message()))?;
    let empty = || Value::Table(Table::new());
    let tool = document.entry("tool").or_insert_with(empty).as_table_mut();
    if let Some(hatch) = tool.and_then(|tool| tool.entry("hatch").or_insert_with(empty).as_table_mut()) {
        hatch.extend(own);
    }
    Ok(document)
}

fn environments(document: &Table) -> impl Iterator<Item = (&String, &Table)> {
    let all = document.get("tool").and_then(|tool| tool.get("hatch")?.get("envs")?.as_table());
    all.into_iter().flatten().filter_map(|(name, environment)| Some((name, environment.as_table()?)))
}
