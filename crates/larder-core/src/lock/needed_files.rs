//! Which of their packages' files the declared platforms need.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Artifact, Graph, Label, PackageKey, Platform};

use super::closure::{Closure, Selection};

/// Leaves out the files that no declared platform needs: those for platforms on which nothing reaches their package, as
/// `when="sys_platform == 'win32'"` has it. A package keeps its files where none of them would be left.
pub fn leave_out_unneeded_files(graph: &mut Graph, declared: &[Platform]) {
    let is_for_some = |artifact: &Artifact| !artifact.platforms.is_empty();
    if !graph.packages.values().flat_map(|package| &package.artifacts).any(is_for_some) {
        return;
    }
    let reached = reached_platforms(graph, declared);
    for (key, package) in &mut graph.packages {
        let Some(platforms) = reached.get(key).filter(|platforms| platforms.len() < declared.len()) else { continue };
        let is_needed = |artifact: &Artifact| {
            artifact.platforms.is_empty() || artifact.platforms.iter().any(|platform| platforms.contains(platform))
        };
        if package.artifacts.iter().any(is_needed) {
            package.artifacts.retain(is_needed);
        }
    }
}

/// Returns the platforms on which each package is reached, from the lines of any group, on any side.
fn reached_platforms(graph: &Graph, declared: &[Platform]) -> BTreeMap<PackageKey, BTreeSet<Platform>> {
    let groups: BTreeSet<Label> = graph.roots.iter().filter_map(|root| root.group.clone()).collect();
    let sides: Vec<_> = if graph.sides.is_empty() { vec![None] } else { graph.sides.iter().map(Some).collect() };
    let mut reached: BTreeMap<PackageKey, BTreeSet<Platform>> = BTreeMap::new();
    for platform in declared {
        let selection = Selection { groups: groups.clone(), platform: Some(*platform) };
        for side in &sides {
            for (key, _) in Closure::on_side(graph, &selection, *side).packages() {
                match reached.get_mut(key) {
                    Some(platforms) => drop(platforms.insert(*platform)),
                    None => drop(reached.insert(key.clone(), BTreeSet::from([*platform]))),
                }
            }
        }
    }
    reached
}
