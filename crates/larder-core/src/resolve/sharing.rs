//! Instances that are shared where they can be: two of one version that differ only in the optional peers they bind, and bind none
//! differently, are one, which binds those of both. pnpm calls it `dedupe-peer-dependents`, and shares where one binds all that the other does.
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
        for Joined { by, brings, .. } in shared.values() {
            let binds = drafts.iter_mut().zip(&classes).filter(|(_, class)| *class == by);
            for draft in binds.map(|(draft, _)| draft) {
                draft.dropped.retain(|dropped| brings.iter().all(|link| link.name != dropped.name));
                draft.links.extend(brings.iter().cloned());
            }
        }
        let into = |class: &u32| shared.get(class).map_or(*class, |joined| joined.by);
        let moved: FxHashMap<NodeIx, NodeIx> =
            drafts.iter().zip(&classes).map(|(draft, class)| (draft.node, first[&into(class)])).collect();
        let edges = drafts.iter_mut().map(|draft| &mut draft.links).chain(lines.iter_mut());
        for link in edges.flatten() {
            link.to = moved.get(&link.to).copied().unwrap_or(link.to);
        }
        let kept = reached(&drafts, &places, lines);
        drafts.retain(|draft| kept.contains(&draft.node));
        places = drafts.iter().enumerate().map(|(place, draft)| (draft.node, place)).collect();
    }
}

/// What becomes of a class of instances that gives way.
struct Joined {
    /// The class that is shared instead.
    by: u32,
    /// The edges that the class brings along.
    brings: Vec<DraftEdge>,
}

/// Returns the classes of instances that are to give way, each with the one that is shared instead: of several the one with
/// the most edges.
fn shared(drafts: &[DraftInstance], targets: &[Vec<usize>], classes: &[u32]) -> FxHashMap<u32, Joined> {
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
        for (at, (edges, place, class)) in instances.iter().enumerate() {
            for (others, _, other) in &instances[..at] {
                if !others.difference(edges).all(|(label, _)| is_met_optional_peer(label)) {
                    continue;
                }
                let brings = drafts[*place].links.iter().zip(&targets[*place]);
                let brings = brings.filter(|(link, to)| !others.contains(&(label(link), classes[**to])));
                let brings: Vec<DraftEdge> = brings.map(|(link, _)| link.clone()).collect();
                let adds = |link: &DraftEdge| {
                    let is_bound = |(other, _): &(EdgeLabel<'_>, u32)| *other.name == link.name;
                    is_met_optional_peer(&label(link)) && !others.iter().any(is_bound)
                };
                // Several that bring something would have to agree, and what gives way itself takes nothing: the next round asks again.
                let is_joined = || shared.values().any(|joined: &Joined| joined.by == *other);
                let is_free = || brings.is_empty() || !shared.contains_key(other) && !is_joined();
                if brings.iter().all(adds) && is_free() {
                    shared.insert(*class, Joined { by: *other, brings });
                    break;
                }
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
