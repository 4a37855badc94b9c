//! Instances that are shared where they can be: one that binds what another of its version binds, and lacks nothing but
//! optional peers of it, is that other. pnpm calls it `dedupe-peer-dependents`.
//!
//! A package that keeps state (a test runner, a framework) must be there once among those that work together. Members bind
//! what they declare: one of them has `jsdom` and the other has not, and without sharing they have two test runners.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{EdgeKind, PackageKey};

use super::instances::{DraftEdge, DraftInstance, EdgeLabel, label, refine, targets};
use super::variable::NodeIx;

/// Drafts of instances, with their places by node.
pub(super) type Drafts = (Vec<DraftInstance>, FxHashMap<NodeIx, usize>);

/// Lets all that lead to an instance that can be shared lead to the one that is shared, until there is nothing to share.
/// `lines` are the edges of the manifest lines.
pub(super) fn share((mut drafts, mut places): Drafts, lines: &mut [Vec<DraftEdge>]) -> Drafts {
    loop {
        let targets = targets(&drafts, &places);
        let classes = refine(&drafts, &targets);
        let shared = shared(&drafts, &targets, &classes);
        if shared.is_empty() {
            return (drafts, places);
        }
        let mut first: FxHashMap<u32, NodeIx> = FxHashMap::default();
        for (draft, &class) in drafts.iter().zip(&classes) {
            first.entry(class).or_insert(draft.node);
        }
        let moved: FxHashMap<NodeIx, NodeIx> = drafts
            .iter()
            .zip(&classes)
            .map(|(draft, class)| (draft.node, first[shared.get(class).unwrap_or(class)]))
            .collect();
        let edges = drafts.iter_mut().map(|draft| &mut draft.links).chain(lines.iter_mut());
        for link in edges.flatten() {
            link.to = moved.get(&link.to).copied().unwrap_or(link.to);
        }
        let kept = reached(&drafts, &places, lines);
        drafts.retain(|draft| kept.contains(&draft.node));
        places = drafts.iter().enumerate().map(|(place, draft)| (draft.node, place)).collect();
    }
}

/// Returns the classes of instances that are to give way, each with the one that is shared instead: of several the one with
/// the most edges.
fn shared(drafts: &[DraftInstance], targets: &[Vec<usize>], classes: &[u32]) -> FxHashMap<u32, u32> {
    let mut of_package: BTreeMap<&PackageKey, BTreeMap<u32, usize>> = BTreeMap::new();
    for (place, (draft, &class)) in drafts.iter().zip(classes).enumerate() {
        if let Some(key) = &draft.key {
            of_package.entry(key).or_default().entry(class).or_insert(place);
        }
    }
    let mut shared = FxHashMap::default();
    for instances in of_package.into_values().filter(|instances| instances.len() > 1) {
        let mut instances: Vec<(BTreeSet<_>, usize, u32)> = instances
            .into_iter()
            .map(|(class, place)| {
                let to = targets[place].iter().map(|&to| classes[to]);
                (drafts[place].links.iter().map(label).zip(to).collect(), place, class)
            })
            .collect();
        instances.sort_by_key(|(edges, place, _)| (Reverse(edges.len()), *place));
        for (at, (edges, _, class)) in instances.iter().enumerate() {
            let has_all = |(others, ..): &&(BTreeSet<(EdgeLabel<'_>, u32)>, usize, u32)| {
                edges.is_subset(others) && others.difference(edges).all(|(label, _)| is_met_optional_peer(label))
            };
            if let Some((.., other)) = instances[..at].iter().find(has_all) {
                shared.insert(*class, *other);
            }
        }
    }
    shared
}

/// Returns whether an edge leads to an optional peer that its dependent takes: it makes nothing reachable, and whoever does
/// without it does no worse with it.
fn is_met_optional_peer(label: &EdgeLabel<'_>) -> bool {
    label.kind == EdgeKind::OptionalPeer && label.unmet.is_none()
}

/// Returns the nodes that the lines reach.
fn reached(drafts: &[DraftInstance], places: &FxHashMap<NodeIx, usize>, lines: &[Vec<DraftEdge>]) -> FxHashSet<NodeIx> {
    let follows = |link: &&DraftEdge| link.kind != EdgeKind::OptionalPeer;
    let mut open: Vec<NodeIx> = lines.iter().flatten().filter(follows).map(|link| link.to).collect();
    let mut reached = FxHashSet::default();
    while let Some(node) = open.pop() {
        if reached.insert(node)
            && let Some(&place) = places.get(&node)
        {
            open.extend(drafts[place].links.iter().filter(follows).map(|link| link.to));
        }
    }
    reached
}
