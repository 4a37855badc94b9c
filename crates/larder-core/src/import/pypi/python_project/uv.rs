//! The group for development of uv before dependency groups (<https://docs.astral.sh/uv/reference/settings/#dev-dependencies>), and Rye's.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::project_table::GroupItem;

/// Adds what `[tool.uv] dev-dependencies` lists, or Rye's, to the group `dev`.
pub(super) fn add_groups(document: &Table, groups: &mut BTreeMap<String, Vec<GroupItem>>) {
    for tool in ["uv", "rye"] {
        let list = document.get("tool").and_then(|tools| tools.get(tool)?.get("dev-dependencies")?.as_array());
        let items = list.into_iter().flatten().filter_map(Value::as_str);
        let items: Vec<GroupItem> = items.map(|text| GroupItem::Requirement(text.to_owned())).collect();
        if !items.is_empty() {
            groups.entry("dev".to_owned()).or_default().extend(items);
        }
    }
}
