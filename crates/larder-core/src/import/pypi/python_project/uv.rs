//! uv's group for development, as it was before dependency groups: <https://docs.astral.sh/uv/reference/settings/#dev-dependencies>.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::project_table::GroupItem;

/// Adds what `[tool.uv] dev-dependencies` lists to the group `dev`.
pub(super) fn add_groups(document: &Table, groups: &mut BTreeMap<String, Vec<GroupItem>>) {
    let list = document.get("tool").and_then(|tool| tool.get("uv")?.get("dev-dependencies")?.as_array());
    let items = list.into_iter().flatten().filter_map(Value::as_str);
    let items: Vec<GroupItem> = items.map(|text| GroupItem::Requirement(text.to_owned())).collect();
    if !items.is_empty() {
        groups.entry("dev".to_owned()).or_default().extend(items);
    }
}
