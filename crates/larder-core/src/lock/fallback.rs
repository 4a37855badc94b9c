//! Which instance of each name packages find that do not declare it.
//!
//! Published packages use what they do not declare, and run where something else brings it. Where nothing is hoisted they
//! find it in a fallback, the last place where Node looks before the project's own `node_modules`. Each name has one
//! instance there, chosen over the whole lock, so that no environment finds another version than was tested: it is there,
//! or the name is not.
//!
//! Optional dependencies that were left out and peers that nobody provides are looked for there too, by packages that do
//! declare them. So a name is only there if its instance satisfies them all, and has the peers that they have themselves.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rustc_hash::FxHashMap;

use crate::model::{
    Dependent, Edge, EdgeKind, Graph, Instance, InstanceKey, Label, NpmRange, PackageKey, PackageName, Platform,
    Version, parse_npm_version,
};

use super::{Closure, Selection};

/// The instances that packages find though they do not declare them.
#[derive(Clone, Debug, Default)]
pub struct Fallback<'a> {
    /// The instance of each name: one of the package that is called so.
    pub chosen: BTreeMap<&'a PackageName, &'a InstanceKey>,
    /// The names that are left out, each with a declaration that its instance would not satisfy.
    pub left_out: BTreeMap<&'a PackageName, UnmetDeclaration<'a>>,
}

/// A declaration that the chosen instance of a name does not satisfy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmetDeclaration<'a> {
    /// The dependent.
    pub dependent: &'a PackageKey,
    /// What it declares: a range, or the version that it gets elsewhere.
    pub declared: String,
    /// The instance.
    pub chosen: &'a InstanceKey,
}

impl fmt::Display for UnmetDeclaration<'_> {
    /// Writes `npm:plugin@1.0.0 declares ^2, and npm:tool@1.0.0 is not that`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} declares {}, and {} is not that", self.dependent, self.declared, self.chosen.package)
    }
}

/// Tells which packages a `node_modules` can have.
type IsFound<'f> = &'f dyn Fn(&PackageKey) -> bool;

/// Returns whether a name must be found from the root, because a setting hoists it.
type IsHoisted<'f> = &'f dyn Fn(&str) -> bool;

impl<'a> Fallback<'a> {
    /// Chooses an instance for each name.
    ///
    /// Of several, one that every environment reaches comes first, then one of the version with the most dependents, then of the
    /// highest version, then the one with the most dependents itself: peers make many instances of one version. A name that the
    /// project declares itself has the project's instance: where an environment has the line, it is found in the project's own
    /// `node_modules`.
    ///
    /// `environments` has the groups of each environment. `closure` is what is to be built. `is_found` tells which packages a
    /// `node_modules` can have, `is_hoisted` which names somebody wants found in any case: no declaration keeps those out.
    pub fn choose(
        graph: &'a Graph,
        environments: &[BTreeSet<Label>],
        closure: &Closure<'a>,
        (is_found, is_hoisted): (IsFound<'_>, IsHoisted<'_>),
    ) -> Self {
        let _span = tracing::info_span!("choose fallback", instances = graph.instances.len()).entered();
        let cut = |platform: Option<Platform>| {
            let selections = environments.iter().map(move |groups| Selection { groups: groups.clone(), platform });
            selections.map(|selection| Closure::of(graph, &selection)).collect::<Vec<_>>()
        };
        let mut fallback = Self { chosen: most_used(graph, &cut(None), is_found), left_out: BTreeMap::new() };
        fallback.prefer_project(graph, is_found);
        let left_out = graph.instances.iter().flat_map(|(key, instance)| {
            instance.dropped.iter().filter_map(|dropped| {
                let (name, chosen) = fallback.chosen.get_key_value(&dropped.name)?;
                let unmet = |declared| (*name, UnmetDeclaration { dependent: &key.package, declared, chosen });
                if key.package.id == chosen.package.id {
                    None
                } else if satisfies(&chosen.package.version, &dropped.range) {
                    let other = otherwise_bound(instance, graph.instances.get(chosen)?)?;
                    Some(unmet(format!("{} beside {} {}", dropped.range, other.name, other.to.package.version)))
                } else {
                    Some(unmet(dropped.range.clone()))
                }
            })
        });
        let mut left_out: Vec<_> = left_out.collect();
        for closure in cut(closure.platform).iter().chain([closure]) {
            left_out.extend(fallback.elsewhere_bound(graph, closure));
        }
        for (name, unmet) in left_out.into_iter().filter(|(name, _)| !is_hoisted(name.as_str())) {
            fallback.chosen.remove(name);
            fallback.left_out.entry(name).or_insert(unmet);
        }
        fallback
    }

    /// Gives the names that the project declares the project's own instances. A name under which it has something else, or
    /// several instances, is its own, and nobody finds another behind it.
    fn prefer_project(&mut self, graph: &'a Graph, is_found: &dyn Fn(&PackageKey) -> bool) {
        let mut own: BTreeMap<&PackageName, BTreeSet<&InstanceKey>> = BTreeMap::new();
        for root in graph.roots.iter().filter(|root| root.dependent == Dependent::Project) {
            for edge in root.to.iter().filter(|edge| is_found(&edge.to.package)) {
                own.entry(&edge.name).or_default().insert(&edge.to);
            }
        }
        for (name, instances) in own {
            let mut instances = instances.into_iter();
            match (instances.next(), instances.next()) {
                (Some(only), None) if only.package.id.name == *name => drop(self.chosen.insert(name, only)),
                _ => drop(self.chosen.remove(name)),
            }
        }
    }

    /// Returns the names that a dependent of a closure declares, has no edge to in it, and has another version of elsewhere:
    /// an optional dependency for another platform, or an optional peer whose provider another environment has.
    fn elsewhere_bound(&self, graph: &'a Graph, closure: &Closure<'a>) -> Vec<(&'a PackageName, UnmetDeclaration<'a>)> {
        let mut found = Vec::new();
        for &key in closure.instances.keys() {
            let Some(instance) = graph.instances.get(key) else { continue };
            for edge in instance.edges.iter().filter(|edge| may_be_missing(edge)) {
                let Some((&name, &chosen)) = self.chosen.get_key_value(&edge.name) else { continue };
                let is_other = edge.to.package != chosen.package && closure.instances.contains_key(chosen);
                if is_other && !closure.edges(key).any(|held| held.name == edge.name) {
                    let declared = edge.to.package.version.to_string();
                    found.push((name, UnmetDeclaration { dependent: &key.package, declared, chosen }));
                }
            }
        }
        found
    }
}

/// Returns what a dependent has under a name where one that it would find has another version as a peer: types for another React than its
/// own, which no `node_modules` above it would have.
fn otherwise_bound<'a>(dependent: &'a Instance, found: &Instance) -> Option<&'a Edge> {
    let peers = found.edges.iter().filter(|edge| matches!(edge.kind, EdgeKind::Peer | EdgeKind::OptionalPeer));
    peers
        .flat_map(|peer| {
            dependent.edges.iter().filter(move |own| own.name == peer.name && own.to.package != peer.to.package)
        })
        .next()
}

/// Returns, for each name, the instance that comes first among those that the environments reach.
fn most_used<'a>(
    graph: &'a Graph,
    environments: &[Closure<'a>],
    is_found: &dyn Fn(&PackageKey) -> bool,
) -> BTreeMap<&'a PackageName, &'a InstanceKey> {
    let mut dependents: FxHashMap<&InstanceKey, usize> = FxHashMap::default();
    let mut of_version: FxHashMap<&PackageKey, usize> = FxHashMap::default();
    let instances = graph.instances.values().map(|instance| &instance.edges);
    for edges in graph.roots.iter().map(|root| &root.to).chain(instances) {
        let targets: BTreeSet<&InstanceKey> = edges.iter().map(|edge| &edge.to).collect();
        for target in targets {
            *dependents.entry(target).or_default() += 1;
            *of_version.entry(&target.package).or_default() += 1;
        }
    }
    let mut reached: BTreeMap<&'a InstanceKey, usize> = BTreeMap::new();
    for key in environments.iter().flat_map(|closure| closure.instances.keys()).filter(|key| is_found(&key.package)) {
        *reached.entry(key).or_default() += 1;
    }
    let rank = |key: &'a InstanceKey| {
        let is_everywhere = reached.get(key) == Some(&environments.len());
        let own = dependents.get(key).copied().unwrap_or_default();
        let all = of_version.get(&key.package).copied().unwrap_or_default();
        (is_everywhere, all, &key.package.version, own, Reverse(key))
    };
    let mut first: BTreeMap<&'a PackageName, &'a InstanceKey> = BTreeMap::new();
    for &key in reached.keys() {
        let known = first.entry(&key.package.id.name).or_insert(key);
        if rank(known) < rank(key) {
            *known = key;
        }
    }
    first
}

/// Returns whether a dependent can be there and the target of its edge not.
fn may_be_missing(edge: &Edge) -> bool {
    matches!(edge.kind, EdgeKind::Optional | EdgeKind::OptionalPeer)
        || !edge.platforms.is_empty()
        || !edge.sides.is_empty()
}

/// Returns whether a version satisfies a range of npm's. What is no such range is satisfied by nothing.
fn satisfies(version: &Version, range: &str) -> bool {
    // A local package's version is compared as well, as it is written.
    let of_local = |range: &NpmRange| parse_npm_version(&version.to_string()).is_some_and(|one| range.matches(&one));
    range.parse::<NpmRange>().is_ok_and(|range| version.is_in_range(&range) || of_local(&range))
}
