//! Cutting a lock down to what one environment reaches on one platform.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    Dependent, Edge, EdgeKind, ExtraName, Graph, Instance, InstanceKey, Label, Package, PackageKey, Platform, RootEdge,
    Side,
};

/// The groups and the platform that a lock is cut down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The groups besides `dependencies`.
    pub groups: BTreeSet<Label>,
    /// The platform. `None` for what any platform needs.
    pub platform: Option<Platform>,
}

/// The part of a lock that a selection reaches.
///
/// An edge is followed where all of this holds:
/// - its platforms include the selected one;
/// - it holds on the selected groups' side, where groups exclude each other;
/// - it belongs to no extra of its dependent, or to one that is asked for;
/// - it is not an optional peer. A required peer is followed: whoever provides it, its dependent cannot do without;
/// - it is not optional to a package whose `os`, `cpu` and `libc` exclude the platform.
#[derive(Clone, Debug, Default)]
pub struct Closure<'a> {
    /// The manifest lines that are selected, in the lock's order.
    pub roots: Vec<&'a RootEdge>,
    /// The reached instances, each with the extras that are asked of it.
    pub instances: BTreeMap<&'a InstanceKey, BTreeSet<ExtraName>>,
    /// The platform. `None` for what any platform needs.
    pub platform: Option<Platform>,
    /// The side of the project's conflicts. `None` if one solution serves all.
    pub side: Option<&'a Side>,
    /// The graph that was cut. `None` only for an empty closure.
    pub graph: Option<&'a Graph>,
}

impl<'a> Closure<'a> {
    /// Follows the edges from the selected lines. Edges to what is not there are passed over.
    pub fn of(graph: &'a Graph, selection: &Selection) -> Self {
        Self::without(graph, selection, &BTreeSet::new())
    }

    /// Follows the edges on this side instead of the selected groups' own.
    pub fn on_side(graph: &'a Graph, selection: &Selection, side: Option<&'a Side>) -> Self {
        Self::cut(graph, selection, side, &BTreeSet::new())
    }

    /// Follows the edges from the selected lines, but no optional edge to a package that is missing.
    pub fn without(graph: &'a Graph, selection: &Selection, missing: &BTreeSet<PackageKey>) -> Self {
        Self::cut(graph, selection, graph.sides.of(&selection.groups), missing)
    }

    fn cut(graph: &'a Graph, selection: &Selection, side: Option<&'a Side>, missing: &BTreeSet<PackageKey>) -> Self {
        let selected = |root: &&RootEdge| root.group.as_ref().is_none_or(|group| selection.groups.contains(group));
        let mut closure = Self {
            roots: graph.roots.iter().filter(selected).collect(),
            instances: BTreeMap::new(),
            platform: selection.platform,
            side,
            graph: Some(graph),
        };
        let is_missing = |edge: &Edge| missing.contains(&edge.to.package);
        let mut waiting: Vec<&'a Edge> = Vec::new();
        for root in closure.roots.clone() {
            let may = |edge: &Edge| !root.optional || (closure.fits(edge) && !is_missing(edge));
            waiting.extend(root.to.iter().filter(|edge| closure.follows(edge) && may(edge)));
        }
        while let Some(edge) = waiting.pop() {
            let Some((key, instance)) = graph.instances.get_key_value(&edge.to) else { continue };
            let (first, extras) = closure.reach(key, &edge.extras);
            let asked = |wanted: &Edge| match &wanted.extra {
                None => first,
                Some(extra) => extras.contains(extra),
            };
            let may = |edge: &Edge| edge.kind != EdgeKind::Optional || !is_missing(edge);
            waiting.extend(instance.edges.iter().filter(|edge| asked(edge) && closure.follows(edge) && may(edge)));
        }
        closure
    }

    /// Notes that an instance is reached with these extras. Returns whether it is for the first time, and those of the
    /// extras that are new.
    fn reach(&mut self, key: &'a InstanceKey, extras: &[ExtraName]) -> (bool, BTreeSet<ExtraName>) {
        match self.instances.entry(key) {
            Entry::Vacant(entry) => {
                let extras: BTreeSet<_> = extras.iter().cloned().collect();
                entry.insert(extras.clone());
                (true, extras)
            }
            Entry::Occupied(mut entry) => {
                let new = extras.iter().filter(|extra| entry.get_mut().insert((*extra).clone())).cloned().collect();
                (false, new)
            }
        }
    }

    /// Returns the edges of a reached instance that hold in this selection and lead to reached instances, in order.
    /// An optional edge and an optional peer are among them too if something else reaches their target.
    pub fn edges(&self, instance: &InstanceKey) -> impl Iterator<Item = &'a Edge> {
        let extras = self.instances.get(instance);
        let edges = extras.and_then(|_| self.instance(instance)).map_or(&[][..], |instance| &instance.edges);
        edges.iter().filter(move |edge| {
            let asked = |extra| extras.is_some_and(|extras| extras.contains(extra));
            edge.extra.as_ref().is_none_or(asked) && self.leads_there(edge)
        })
    }

    /// Returns the edges of a selected manifest line that hold in this selection and lead to reached instances.
    pub fn root_edges(&self, root: &'a RootEdge) -> impl Iterator<Item = &'a Edge> {
        root.to.iter().filter(|edge| self.leads_there(edge))
    }

    /// Returns whether an edge holds on the platform and the side, and its target is reached, by this edge or another.
    fn leads_there(&self, edge: &Edge) -> bool {
        self.holds_here(edge) && self.instances.contains_key(&edge.to)
    }

    /// Returns the packages, each once, with what the lock knows of them.
    pub fn packages(&self) -> impl Iterator<Item = (&'a PackageKey, &'a Package)> {
        let mut last = None;
        self.instances
            .keys()
            .map(|instance| &instance.package)
            .filter(move |&key| last.replace(key) != Some(key))
            .filter_map(|key| self.graph.and_then(|graph| graph.packages.get_key_value(key)))
    }

    /// Returns the folders of the members whose lines are selected and of the local packages, some of them twice.
    pub fn folders(&self) -> impl Iterator<Item = &'a Arc<str>> {
        let members = self.roots.iter().filter_map(|line| match &line.dependent {
            Dependent::Member(folder) => Some(folder),
            Dependent::Project => None,
        });
        members.chain(self.packages().filter_map(|(_, package)| package.folder.as_ref()))
    }

    /// Returns the packages that manifest lines name.
    pub fn direct(&self) -> BTreeSet<&'a PackageKey> {
        self.roots.iter().flat_map(|root| self.root_edges(root)).map(|edge| &edge.to.package).collect()
    }

    /// Returns what the extras of manifest lines name: `uvicorn`, for a line that asks for `fastapi[standard]`. An extra that stands
    /// for others of its package names what they name.
    pub fn named_by_extras(&self) -> BTreeSet<&'a InstanceKey> {
        let lines = self.roots.iter().flat_map(|root| self.root_edges(root));
        let mut waiting: Vec<(&'a InstanceKey, &'a ExtraName)> =
            lines.flat_map(|edge| edge.extras.iter().map(|extra| (&edge.to, extra))).collect();
        let (mut named, mut seen) = (BTreeSet::new(), BTreeSet::new());
        while let Some((package, extra)) = waiting.pop() {
            if !seen.insert((package, extra)) {
                continue;
            }
            for edge in self.edges(package).filter(|edge| edge.extra.as_ref() == Some(extra)) {
                if edge.to == *package {
                    waiting.extend(edge.extras.iter().map(|extra| (package, extra)));
                } else {
                    named.insert(&edge.to);
                }
            }
        }
        named
    }

    /// Returns an instance of the graph that was cut.
    pub fn instance(&self, key: &InstanceKey) -> Option<&'a Instance> {
        self.graph.and_then(|graph| graph.instances.get(key))
    }

    /// Returns whether an edge reaches its target, extras apart.
    fn follows(&self, edge: &Edge) -> bool {
        match edge.kind {
            EdgeKind::OptionalPeer => false,
            EdgeKind::Normal | EdgeKind::Peer => self.holds_here(edge),
            EdgeKind::Optional => self.holds_here(edge) && self.fits(edge),
        }
    }

    /// Returns whether an edge holds on the platform and the side.
    fn holds_here(&self, edge: &Edge) -> bool {
        (edge.platforms.is_empty() || self.platform.is_none_or(|platform| edge.platforms.contains(&platform)))
            && edge.is_on(self.side)
    }

    /// Returns whether the target's `os`, `cpu` and `libc` admit the platform.
    fn fits(&self, edge: &Edge) -> bool {
        let Some(package) = self.graph.and_then(|graph| graph.packages.get(&edge.to.package)) else { return true };
        let allows = |platform: Platform| package.facts.admit(platform);
        match self.platform {
            Some(platform) => allows(platform),
            None => Platform::ALL.into_iter().any(allows),
        }
    }
}

/// Returns the packages that the groups reach, each with the declared platforms on which they do.
pub fn platforms_of(
    graph: &Graph,
    groups: &BTreeSet<Label>,
    declared: &[Platform],
) -> BTreeMap<PackageKey, Vec<Platform>> {
    let mut found: BTreeMap<PackageKey, Vec<Platform>> = BTreeMap::new();
    for &platform in declared {
        let selection = Selection { groups: groups.clone(), platform: Some(platform) };
        for (key, _) in Closure::of(graph, &selection).packages() {
            found.entry(key.clone()).or_default().push(platform);
        }
    }
    found
}
