//! From nodes to instances: nodes that cannot be told apart by what they bind are one, and each gets its name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::{Dropped, Edge, EdgeKind, ExtraName, Instance, InstanceKey, PackageKey, PackageName, Platform};

use super::peer_contexts;
use super::variable::NodeIx;

/// An edge between nodes, before instances have their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DraftEdge {
    pub(super) name: PackageName,
    pub(super) to: NodeIx,
    pub(super) kind: EdgeKind,
    pub(super) extra: Option<ExtraName>,
    pub(super) extras: Vec<ExtraName>,
    pub(super) platforms: Vec<Platform>,
    pub(super) unmet: Option<String>,
}

/// A reachable node with its edges.
#[derive(Debug)]
pub(super) struct DraftInstance {
    pub(super) node: NodeIx,
    pub(super) key: Option<PackageKey>,
    pub(super) links: Vec<DraftEdge>,
    pub(super) dropped: Vec<Dropped>,
}

impl Default for DraftInstance {
    fn default() -> Self {
        Self { node: NodeIx(u32::MAX), key: None, links: Vec::new(), dropped: Vec::new() }
    }
}

/// Instances under their names.
pub(super) struct NamedInstances {
    keys: FxHashMap<NodeIx, InstanceKey>,
    pub(super) instances: BTreeMap<InstanceKey, Instance>,
}

impl NamedInstances {
    /// Turns links into edges, sorted.
    pub(super) fn edges(&self, links: Vec<DraftEdge>) -> Vec<Edge> {
        edges(links, &self.keys)
    }
}

fn edges(links: Vec<DraftEdge>, keys: &FxHashMap<NodeIx, InstanceKey>) -> Vec<Edge> {
    let mut edges: Vec<_> = links
        .into_iter()
        .filter_map(|link| {
            Some(Edge {
                name: link.name,
                to: keys.get(&link.to)?.clone(),
                kind: link.kind,
                extra: link.extra,
                extras: link.extras,
                platforms: link.platforms,
                unmet: link.unmet,
                sides: Vec::new(),
            })
        })
        .collect();
    edges.sort();
    edges.dedup();
    edges
}

/// More instances of one version than the limit; one node for each of them.
pub(super) struct TooManyInstances(pub(super) Vec<NodeIx>);

/// Merges equal nodes and names what remains.
pub(super) fn name(
    drafts: Vec<DraftInstance>,
    places: &FxHashMap<NodeIx, usize>,
) -> Result<NamedInstances, TooManyInstances> {
    let targets = targets(&drafts, places);
    let classes = refine(&drafts, &targets);
    let mut told_apart: FxHashMap<&Option<PackageKey>, BTreeMap<u32, NodeIx>> = FxHashMap::default();
    for (draft, &class) in drafts.iter().zip(&classes) {
        told_apart.entry(&draft.key).or_default().entry(class).or_insert(draft.node);
    }
    if told_apart.values().any(|nodes| nodes.len() > peer_contexts::WAYS) {
        return Err(TooManyInstances(told_apart.into_values().flat_map(BTreeMap::into_values).collect()));
    }
    let names = names(&drafts, &targets, &classes);
    let keys: FxHashMap<NodeIx, InstanceKey> = drafts
        .iter()
        .zip(&classes)
        .filter_map(|(draft, &class)| Some((draft.node, names[class as usize].clone()?)))
        .collect();
    let mut instances = BTreeMap::new();
    for draft in drafts {
        let Some(key) = keys.get(&draft.node) else { continue };
        if !instances.contains_key(key) {
            let mut dropped = draft.dropped;
            dropped.sort();
            dropped.dedup();
            instances.insert(key.clone(), Instance { edges: edges(draft.links, &keys), dropped });
        }
    }
    Ok(NamedInstances { keys, instances })
}

/// Returns the places of the targets of each draft's links.
pub(super) fn targets(drafts: &[DraftInstance], places: &FxHashMap<NodeIx, usize>) -> Vec<Vec<usize>> {
    let of = |draft: &DraftInstance| draft.links.iter().filter_map(|link| places.get(&link.to).copied()).collect();
    drafts.iter().map(of).collect()
}

/// Splits nodes into classes until those of one class have the same package and edges into the same classes. Starting
/// from the coarsest split finds cycles equal, too.
pub(super) fn refine(drafts: &[DraftInstance], targets: &[Vec<usize>]) -> Vec<u32> {
    let mut packages: FxHashMap<&Option<PackageKey>, u32> = FxHashMap::default();
    let mut classes: Vec<u32> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let next = packages.len() as u32;
        classes.push(*packages.entry(&draft.key).or_insert(next));
    }
    let mut count = packages.len();
    while count < drafts.len() {
        let mut signatures: FxHashMap<(u32, Vec<(EdgeLabel, u32)>), u32> = FxHashMap::default();
        let mut refined = Vec::with_capacity(classes.len());
        for (place, draft) in drafts.iter().enumerate() {
            let links = draft.links.iter().map(label);
            let mut signature: Vec<_> = links.zip(targets[place].iter().map(|&to| classes[to])).collect();
            signature.sort_unstable();
            let next = signatures.len() as u32;
            refined.push(*signatures.entry((classes[place], signature)).or_insert(next));
        }
        if signatures.len() == count {
            break;
        }
        count = signatures.len();
        classes = refined;
    }
    classes
}

/// The properties of an edge other than its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EdgeLabel<'a> {
    pub(super) name: &'a PackageName,
    pub(super) kind: EdgeKind,
    extra: &'a Option<ExtraName>,
    extras: &'a [ExtraName],
    platforms: &'a [Platform],
    pub(super) unmet: &'a Option<String>,
}

pub(super) fn label(link: &DraftEdge) -> EdgeLabel<'_> {
    EdgeLabel {
        name: &link.name,
        kind: link.kind,
        extra: &link.extra,
        extras: &link.extras,
        platforms: &link.platforms,
        unmet: &link.unmet,
    }
}

/// Names each class: by its package and bound peers, and where that names several, by a hash of all that they bind.
fn names(drafts: &[DraftInstance], targets: &[Vec<usize>], classes: &[u32]) -> Vec<Option<InstanceKey>> {
    let count = classes.iter().copied().max().map_or(0, |last| last as usize + 1);
    let mut first: Vec<Option<usize>> = vec![None; count];
    for (place, &class) in classes.iter().enumerate() {
        first[class as usize].get_or_insert(place);
    }
    let mut names: Vec<Option<InstanceKey>> =
        first.iter().map(|place| place.and_then(|place| plain_name(drafts, &targets[place], place))).collect();
    let mut alike: BTreeMap<InstanceKey, Vec<usize>> = BTreeMap::new();
    for (class, name) in names.iter().enumerate() {
        if let Some(name) = name {
            alike.entry(name.clone()).or_default().push(class);
        }
    }
    alike.retain(|_, alike| alike.len() > 1);
    let mut hashes: Vec<blake3::Hash> = names
        .iter()
        .map(|name| blake3::hash(name.as_ref().map(ToString::to_string).unwrap_or_default().as_bytes()))
        .collect();
    // Each round looks one edge further. Classes differ, so that in at most as many rounds as there are classes all
    // are told apart.
    for _ in 0..count {
        if alike.is_empty() {
            break;
        }
        hashes = (0..count)
            .map(|class| first[class].map_or(hashes[class], |place| further(drafts, targets, classes, &hashes, place)))
            .collect();
        alike.retain(|name, alike| {
            let short: BTreeSet<String> = alike.iter().map(|&class| short_hash(hashes[class])).collect();
            let apart = short.len() == alike.len();
            if apart {
                for &class in alike.iter() {
                    let peers = format!("{}~{}", name.peers, short_hash(hashes[class])).into();
                    names[class] = Some(InstanceKey { package: name.package.clone(), peers });
                }
            }
            !apart
        });
    }
    names
}

/// Hashes what an instance binds, one edge further than it was.
fn further(
    drafts: &[DraftInstance],
    targets: &[Vec<usize>],
    classes: &[u32],
    hashes: &[blake3::Hash],
    place: usize,
) -> blake3::Hash {
    let mut edges: Vec<_> = drafts[place]
        .links
        .iter()
        .zip(&targets[place])
        .map(|(link, &to)| (label(link), hashes[classes[to] as usize].as_bytes()))
        .collect();
    edges.sort_unstable();
    let mut state = blake3::Hasher::new();
    state.update(hashes[classes[place] as usize].as_bytes());
    for (label, to) in edges {
        // This text is hashed into names that locks have.
        let EdgeLabel { name, kind, extra, extras, platforms, unmet } = label;
        let text = format!("{:?}", (name, kind, extra, extras, platforms, unmet));
        state.update(text.as_bytes()).update(to);
    }
    state.finalize()
}

fn plain_name(drafts: &[DraftInstance], targets: &[usize], place: usize) -> Option<InstanceKey> {
    let draft = &drafts[place];
    let peers: BTreeSet<String> = draft
        .links
        .iter()
        .zip(targets)
        .filter(|(link, _)| matches!(link.kind, EdgeKind::Peer | EdgeKind::OptionalPeer))
        .filter_map(|(_, &to)| drafts[to].key.as_ref())
        .map(|key| format!("({}@{})", key.id.name, key.version))
        .collect();
    let peers: Arc<str> = peers.into_iter().collect::<String>().into();
    Some(InstanceKey { package: draft.key.clone()?, peers })
}

fn short_hash(hash: blake3::Hash) -> String {
    hash.to_hex()[..8].to_owned()
}
