//! Whether versions that are preferred stay: a group that no environment includes moves none of what the others have.

use std::collections::BTreeSet;

use crate::model::{Graph, PackageId, Version};
use crate::resolve::Preferences;

/// Returns whether a solution has a version of a package that has preferred ones and is none of these.
pub(super) fn lacks_preferred(graph: &Graph, preferences: &Preferences) -> bool {
    let is_other = |(id, version): &(&PackageId, &Version)| {
        preferences.versions.get(*id).is_some_and(|preferred| !preferred.contains(*version))
    };
    versions(graph).iter().any(is_other)
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
    let now = if now.is_empty() { "away".to_owned() } else { format!("to {}", now.join(", ")) };
    Some(format!("{id} {version} {now}, which `larder update {id}` lets it"))
}

fn versions(graph: &Graph) -> BTreeSet<(&PackageId, &Version)> {
    graph.packages.keys().map(|key| (&key.id, &key.version)).collect()
}
