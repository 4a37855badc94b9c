//! Why a package is there: the shortest chains from the manifest to it.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Dependent, Edge, Graph, InstanceKey, PackageId, PackageKey, RootEdge};

use super::Closure;

/// A chain from a manifest line to an instance of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyChain<'a> {
    /// The line it starts from.
    pub root: &'a RootEdge,
    /// The edges in order; the last leads to the package.
    pub steps: Vec<&'a Edge>,
}

/// Returns, for every selected manifest line that leads to the package, the shortest chain to each of its instances,
/// in the lock's order. Nothing where the package is not reached.
pub fn why<'a>(closure: &Closure<'a>, package: &PackageId) -> Vec<DependencyChain<'a>> {
    closure.roots.iter().flat_map(|root| from_line(closure, root, package)).collect()
}

/// Searches breadth-first, so that the first chain to an instance is a shortest one.
fn from_line<'a>(closure: &Closure<'a>, root: &'a RootEdge, package: &PackageId) -> Vec<DependencyChain<'a>> {
    let mut before: BTreeMap<&'a InstanceKey, (Option<&'a InstanceKey>, &'a Edge)> = BTreeMap::new();
    let mut waiting = VecDeque::new();
    for edge in closure.root_edges(root) {
        if before.insert(&edge.to, (None, edge)).is_none() {
            waiting.push_back(&edge.to);
        }
    }
    let mut chains = Vec::new();
    while let Some(instance) = waiting.pop_front() {
        if instance.package.id == *package {
            chains.push(DependencyChain { root, steps: steps_to(&before, instance) });
            continue;
        }
        for edge in closure.edges(instance) {
            before.entry(&edge.to).or_insert_with(|| {
                waiting.push_back(&edge.to);
                (Some(instance), edge)
            });
        }
    }
    chains
}

fn steps_to<'a>(
    before: &BTreeMap<&'a InstanceKey, (Option<&'a InstanceKey>, &'a Edge)>,
    target: &'a InstanceKey,
) -> Vec<&'a Edge> {
    let mut steps = Vec::new();
    let mut place = Some(target);
    while let Some((previous, edge)) = place.and_then(|instance| before.get(instance)) {
        steps.push(*edge);
        place = *previous;
    }
    steps.reverse();
    steps
}

/// The shortest path from a manifest to every package of a lock.
#[derive(Debug, Default)]
pub struct ShortestPaths<'a> {
    /// The dependent or manifest that leads to each instance.
    before: BTreeMap<&'a InstanceKey, PathOrigin<'a>>,
    /// The first instance of each package that was reached.
    instances: BTreeMap<&'a PackageKey, &'a InstanceKey>,
}

#[derive(Clone, Copy, Debug)]
enum PathOrigin<'a> {
    Manifest(&'a Dependent),
    Instance(&'a InstanceKey),
}

impl<'a> ShortestPaths<'a> {
    /// Searches breadth-first from all lines, whatever the groups and the platforms.
    pub fn of(graph: &'a Graph) -> Self {
        let mut paths = Self::default();
        let mut waiting = VecDeque::new();
        for root in &graph.roots {
            waiting.extend(root.to.iter().map(|edge| (&edge.to, PathOrigin::Manifest(&root.dependent))));
        }
        while let Some((to, origin)) = waiting.pop_front() {
            if paths.before.contains_key(to) {
                continue;
            }
            paths.before.insert(to, origin);
            paths.instances.entry(&to.package).or_insert(to);
            let edges = graph.instances.get(to).map_or(&[][..], |instance| &instance.edges);
            waiting.extend(edges.iter().map(|edge| (&edge.to, PathOrigin::Instance(to))));
        }
        paths
    }

    /// Returns the manifest that the path to a package begins at, and the packages on the path, with the package itself as
    /// the last. `None` if nothing leads to it.
    pub fn to(&self, package: &PackageKey) -> Option<(&'a Dependent, Vec<&'a PackageKey>)> {
        let mut instance = *self.instances.get(package)?;
        let mut steps = vec![&instance.package];
        loop {
            match *self.before.get(instance)? {
                PathOrigin::Instance(dependent) => instance = dependent,
                PathOrigin::Manifest(manifest) => {
                    steps.reverse();
                    return Some((manifest, steps));
                }
            }
            steps.push(&instance.package);
        }
    }
}
