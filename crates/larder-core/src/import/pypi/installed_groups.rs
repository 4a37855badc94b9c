//! Which dependency groups of a project its tool installs without being asked to, and which exclude each other.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::python_project::{FileReader, GroupItem, PythonProject, environments_on_demand};
use super::strings;
use crate::import::Imported;
use crate::model::{Label, PackageName};

/// The group for development, which is the one that tools install where nothing names others.
const DEV: &str = "dev";

/// The dependency groups of a project, by their names as written.
pub(super) type Groups = BTreeMap<String, Vec<GroupItem>>;

/// The dependency groups that a project's tool installs without being asked to.
pub(super) enum InstalledGroups {
    /// All but some: Poetry's, of which a group may be optional, Hatch's environments, PDM's, and those of a project that names no tool
    /// and has no group `dev`.
    AllBut(BTreeSet<String>),
    /// uv's `default-groups`: `dev`, unless it names others. Where nothing names a tool: `dev` and the groups that it includes, for
    /// others may be alternatives of each other.
    Only(BTreeSet<String>),
}

impl InstalledGroups {
    pub(super) fn read(document: &Table, groups: &Groups, files: &FileReader<'_>) -> Self {
        let tool = |name: &str| document.get("tool").and_then(|tool| tool.get(name)?.as_table());
        let (uv, poetry, pdm) = (tool("uv"), tool("poetry"), tool("pdm"));
        let of_poetry = poetry.and_then(|poetry| poetry.get("group")?.as_table()).into_iter().flatten();
        let optional = of_poetry.filter(|(_, group)| group.get("optional").and_then(Value::as_bool) == Some(true));
        let on_demand = environments_on_demand(document).map(normal);
        let mut left_out: BTreeSet<String> = optional.map(|(name, _)| normal(name)).chain(on_demand).collect();
        let has_file = |file| files(file).is_some();
        let names_another = uv.is_some() || pdm.is_some() || has_file("uv.lock") || has_file("pdm.lock");
        let is_built_by_poetry = || {
            let back_end = document.get("build-system").and_then(|build| build.get("build-backend")?.as_str());
            back_end.is_some_and(|name| name.starts_with("poetry."))
        };
        if poetry.is_some() || !names_another && (has_file("poetry.lock") || is_built_by_poetry()) {
            return Self::AllBut(left_out);
        }
        if uv.is_some() || files("uv.lock").is_some() {
            return match uv.and_then(|uv| uv.get("default-groups")) {
                None => Self::Only([DEV.to_owned()].into()),
                Some(Value::String(word)) if word == "all" => Self::AllBut(left_out),
                Some(list) => Self::Only(strings(Some(list)).map(normal).collect()),
            };
        }
        let of_pdm = files("pdm.lock");
        if let Some(locked) = of_pdm.as_deref().and_then(locked_by_pdm) {
            left_out.extend(groups.keys().map(|name| normal(name)).filter(|name| !locked.contains(name)));
        }
        let has_environments = tool("hatch").is_some_and(|hatch| hatch.contains_key("envs"));
        let names_no_tool = pdm.is_none() && of_pdm.is_none() && !has_environments;
        if names_no_tool && groups.keys().any(|name| normal(name) == DEV) {
            return Self::Only(included(DEV, groups));
        }
        Self::AllBut(left_out)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::AllBut(left_out) => !left_out.contains(&normal(name)),
            Self::Only(groups) => groups.contains(&normal(name)),
        }
    }
}

/// Returns the groups that a pdm.lock has versions for: PDM installs those, and no others.
fn locked_by_pdm(text: &str) -> Option<BTreeSet<String>> {
    let document: Table = text.parse().ok()?;
    let groups = document.get("metadata")?.get("groups")?;
    Some(strings(Some(groups)).map(normal).collect())
}

/// Returns a group and the groups that it includes, by their normal names. Groups may include each other in a cycle.
fn included(name: &str, groups: &Groups) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![normal(name)]);
    while let Some(name) = open.pop() {
        if !found.insert(name.clone()) {
            continue;
        }
        for (_, items) in groups.iter().filter(|(other, _)| normal(other) == name) {
            open.extend(items.iter().filter_map(|item| match item {
                GroupItem::Include { group } => Some(normal(group)),
                GroupItem::Requirement(_) | GroupItem::Folder(_) => None,
            }));
        }
    }
    found
}

/// Takes over what uv is told of groups and extras that exclude each other. A group has the lines of those that it includes: what
/// excludes one of these excludes it too.
pub(super) fn take_conflicts(uv: &Table, project: &PythonProject, imported: &mut Imported) {
    let own_name = project.name.as_deref().map(normal);
    for conflict in uv.get("conflicts").and_then(Value::as_array).into_iter().flatten() {
        let items = conflict.as_array().into_iter().flatten().filter_map(Value::as_table);
        // An extra of another package of the workspace is no group.
        let of_project = items.filter(|item| {
            let package = item.get("package").and_then(Value::as_str).map(normal);
            item.contains_key("group") || package.is_none_or(|package| Some(package) == own_name)
        });
        let sides: Vec<ExclusiveGroup> = of_project.filter_map(|item| ExclusiveGroup::read(item, project)).collect();
        imported.add_conflict(sides.iter().map(|side| side.itself.clone()).collect());
        for (at, one) in sides.iter().enumerate() {
            for other in &sides[at + 1..] {
                let pairs = one.all().flat_map(|one| other.all().map(move |other| [one, other]));
                for pair in pairs.filter(|pair| *pair != [&one.itself, &other.itself]) {
                    imported.add_conflict(pair.into_iter().cloned().collect());
                }
            }
        }
    }
}

/// A group or an extra that excludes others.
struct ExclusiveGroup {
    itself: Label,
    /// The groups that include it.
    included_by: Vec<Label>,
}

impl ExclusiveGroup {
    fn read(item: &Table, project: &PythonProject) -> Option<Self> {
        let groups = &project.groups;
        if let Some(extra) = item.get("extra").and_then(Value::as_str) {
            // Its group has the name that `[project]` writes.
            let mut known = project.optional_dependencies.keys();
            let written = known.find(|written| normal(written) == normal(extra)).map_or(extra, String::as_str);
            return Some(Self { itself: written.parse().ok()?, included_by: Vec::new() });
        }
        let name = normal(item.get("group").and_then(Value::as_str)?);
        let label = |name: &String| name.parse::<Label>().ok();
        // A member may have the group.
        let written = groups.keys().find(|other| normal(other) == name).unwrap_or(&name);
        let including = groups.keys().filter(|other| normal(other) != name && included(other, groups).contains(&name));
        Some(Self { itself: label(written)?, included_by: including.filter_map(label).collect() })
    }

    /// Returns the group and those that include it.
    fn all(&self) -> impl Iterator<Item = &Label> {
        std::iter::once(&self.itself).chain(&self.included_by)
    }
}

fn normal(name: &str) -> String {
    PackageName::pypi(name).map_or_else(|_| name.to_owned(), |name| name.to_string())
}
