//! PDM's groups for development: <https://pdm-project.org/latest/reference/pep621/>.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::folders;
use super::project_table::GroupItem;

/// Adds the groups of `[tool.pdm.dev-dependencies]`. An editable folder is `-e file:///${PROJECT_ROOT}/lib#egg=lib`.
pub(super) fn add_groups(document: &Table, groups: &mut BTreeMap<String, Vec<GroupItem>>) {
    let table = document.get("tool").and_then(|tool| tool.get("pdm")?.get("dev-dependencies")?.as_table());
    for (name, list) in table.into_iter().flatten() {
        let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
        let item = |text: &str| match text.strip_prefix("-e ").and_then(|url| folders::folder(url.trim())) {
            Some(folder) => GroupItem::Folder(folder),
            None => GroupItem::Requirement(text.to_owned()),
        };
        groups.entry(name.clone()).or_default().extend(texts.map(item));
    }
}
