//! Whether versions that are preferred stay: a group that no environment includes moves none of what the others have.

use std::collections::BTreeSet;

use crate::model::{Graph, PackageId, Version};
use crate::resolve::Preferences;

/// Returns whether a solution has other versions of a package than the preferred ones alone.
pub(super) fn lacks_preferred(graph: &Graph, preferences: &Preferences) -> bool {
    let there = versions(graph);
    let is_moved = |(id, _): &(&PackageId, &Version)| {
        let preferred = preferences.versions.get(*id);
        preferred.is_some_and(|preferred| preferred.iter().any(|version| !there.contains(&(*id, version))))
    };
    there.iter().any(is_moved)
}

/// Returns the first preferred version that one solution has and another one does not, as messages name it, with what that has instead.
pub(super) fn moved(without: &Graph, with: &Graph, preferences: &Preferences) -> Option<String> {
    let (before, after) = (versions(without), versions(with));
    let is_preferred = |id: &PackageId, version: &Version| {
        preferences.versions.get(id).is_some_and(|preferred| preferred.contains(version))
    };
    let (id, version) =
        before.iter().find(|(id, version)| is_preferred(id, version) && !after.contains(&(*id, *version)))?;
    let now: Vec<String> =
        after.iter().filter(|(other, _)| other == id).map(|(_, version)| version.to_string()).collect();
    Some(if now.is_empty() { format!("{id} {version} away") } else { format!("{id} {version} to {}", now.join(", ")) })
}

fn versions(graph: &Graph) -> BTreeSet<(&PackageId, &Version)> {
    graph.packages.keys().map(|key| (&key.id, &key.version)).collect()
}
