//! Newer versions that a solve passed over: they are too young, or for newer systems.

use crate::lock::Lockfile;
use crate::model::{PackageId, RootEdge, Settings};
use crate::ops::{Result, failure};
use crate::registry::Registries;
use crate::resolve::{self, HeldBack, TooYoung};

/// Returns the newer versions of direct dependencies that are too young.
pub(in crate::ops) fn too_young(
    registries: &Registries,
    settings: &Settings,
    lines: &[RootEdge],
) -> Result<Vec<TooYoung>> {
    let young = lines.iter().map(|line| resolve::too_young(registries, settings, line).map_err(failure::of_index));
    young.filter_map(Result::transpose).collect()
}

/// Returns the direct dependencies that have a newer version for newer systems only, and what is locked as source although it has wheels
/// for these.
pub(in crate::ops) fn held_back(registries: &Registries, lockfile: &Lockfile) -> Result<Vec<(PackageId, HeldBack)>> {
    let mut found = Vec::new();
    for root in &lockfile.graph.roots {
        let held = resolve::held_back(registries, &lockfile.settings, root).map_err(failure::of_index)?;
        found.extend(held.zip(root.to.first()).map(|(held, edge)| (edge.to.package.id.clone(), held)));
    }
    for (key, package) in &lockfile.graph.packages {
        let held =
            resolve::held_back_wheels(registries, &lockfile.settings, (key, package)).map_err(failure::of_index)?;
        found.extend(held.map(|held| (key.id.clone(), held)));
    }
    Ok(found)
}
