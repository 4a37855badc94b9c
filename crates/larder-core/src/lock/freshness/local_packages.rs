//! Path packages: their own manifests and what the lock has of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{
    Ecosystem, Edge, EdgeKind, ExtraName, Graph, Instance, Marker, NpmPeers, PackageKey, PackageName, Requirement,
    Version,
};
use crate::resolve::{Dependency, DependencyKind, Wants};

use super::comparison::{LockComparison, requirement_text};
use super::{LocalManifest, StaleReason};

impl LockComparison<'_> {
    pub(super) fn folders(
        &self,
        graph: &Graph,
        folders: &BTreeMap<Arc<str>, LocalManifest>,
        reasons: &mut Vec<StaleReason>,
    ) {
        let asked = asked_extras(graph);
        for (key, package) in &graph.packages {
            let Some(folder) = &package.folder else { continue };
            let mut stale = |what: String| reasons.push(StaleReason::Folder { folder: folder.clone(), what });
            let Some(local) = folders.get(folder) else {
                stale("there is no package in it any more".to_owned());
                continue;
            };
            // Before a build has made it, and once it is cleaned away, a package is what was locked; what a build made asks for nothing new.
            let is_unbuilt = |version: &Version| *version == Version::unbuilt();
            let asks_for_nothing = is_unbuilt(&key.version) && local.dependencies.is_empty();
            if local.name == key.id.name && (is_unbuilt(&local.version) || asks_for_nothing) {
                continue;
            }
            if local.name != key.id.name || local.version != key.version {
                stale(format!("it is {} {} now", local.name, local.version));
                continue;
            }
            let instances = graph.instances.iter().filter(|(instance, _)| instance.package == *key);
            for (_, instance) in instances {
                self.dependencies(local, (key, &asked), instance).into_iter().for_each(&mut stale);
            }
        }
    }

    /// Compares a path package's dependencies with the edges of an instance.
    fn dependencies(
        &self,
        local: &LocalManifest,
        (key, asked): (&PackageKey, &BTreeSet<(&PackageKey, &ExtraName)>),
        instance: &Instance,
    ) -> Vec<String> {
        let mut stale = Vec::new();
        let mut declared: BTreeSet<(Ecosystem, &PackageName)> = BTreeSet::new();
        for dependency in &local.dependencies {
            let Wants::Requirement(requirement) = &dependency.wants else { continue };
            // An override may put a package of another ecosystem in its place: a member.
            let ecosystem = self.ecosystem_after_overrides(Some(&key.id.name), requirement);
            declared.insert((ecosystem, requirement.seen_as()));
            let extras = requirement.marker().map(Marker::extras).unwrap_or_default();
            if !extras.is_empty() && !extras.iter().any(|extra| asked.contains(&(key, extra))) {
                continue;
            }
            let edges: Vec<_> = instance
                .edges
                .iter()
                .filter(|edge| edge.name == *requirement.seen_as() && edge.to.package.id.ecosystem == ecosystem)
                .collect();
            let dropped = instance.dropped.iter().any(|dropped| dropped.name == *requirement.seen_as());
            let optional = dependency.kind == DependencyKind::Optional && dropped;
            let extras: Vec<_> = extras.into_iter().filter(|extra| asked.contains(&(key, extra))).collect();
            if !optional && !self.satisfies(&edges, (dependency.kind, requirement, &extras), &key.id.name) {
                let locked: Vec<_> = edges.iter().map(|edge| edge.to.package.version.to_string()).collect();
                let what = requirement_text(requirement);
                stale.push(match locked.as_slice() {
                    [] => format!("{what} is not locked"),
                    locked => format!("{what} is not satisfied by {}", locked.join(", ")),
                });
            }
        }
        let extensions = self.wanted.extensions.iter().filter(|one| one.package == key.id);
        let forgotten: BTreeSet<_> = extensions.map(|one| one.dependency.seen_as()).collect();
        let types: BTreeSet<_> = local.dependencies.iter().filter_map(types_of_peer).collect();
        let surplus = instance.edges.iter().filter(|edge| {
            let are_types = edge.kind == EdgeKind::OptionalPeer && types.contains(&edge.name);
            let is_declared = declared.contains(&(edge.to.package.id.ecosystem, &edge.name));
            !(is_declared || are_types || forgotten.contains(&edge.name))
        });
        stale.extend(surplus.map(|edge| format!("{} is locked and no longer wanted", edge.name)));
        stale
    }

    /// Returns whether edges are what a package's manifest wants, of whose extras these are asked for.
    fn satisfies(
        &self,
        edges: &[&Edge],
        (kind, requirement, extras): (DependencyKind, &Requirement, &[ExtraName]),
        parent: &PackageName,
    ) -> bool {
        let parent = Some(parent);
        if edges.is_empty() && self.is_removed(parent, requirement) {
            return true;
        }
        // Several requirements may share a name, each with edges of its own: one that will do is enough.
        let one_fits = edges.iter().any(|edge| self.admits(parent, requirement, edge));
        match kind {
            DependencyKind::OptionalPeer => true,
            DependencyKind::Peer => {
                one_fits
                    || match self.wanted.npm_peers {
                        NpmPeers::Strict => false,
                        NpmPeers::Relaxed => edges.iter().any(|edge| edge.kind == EdgeKind::Peer),
                        NpmPeers::Provided => edges.iter().all(|edge| edge.kind == EdgeKind::Peer),
                    }
            }
            DependencyKind::Optional | DependencyKind::Normal => match requirement.marker() {
                None => one_fits,
                Some(marker) if requirement.ecosystem().is_local() => {
                    (one_fits || edges.is_empty()) && self.holds_there(marker, edges)
                }
                // A marker that holds nowhere has no edges.
                Some(marker) if edges.is_empty() => !marker.extras().is_empty() || self.holds_where(marker, false, &[]),
                Some(marker) => self.has_enough_where(marker, extras, edges, |on| {
                    let asked = requirement.extras();
                    on.iter().any(|edge| self.admits(parent, requirement, edge))
                        && on.iter().any(|edge| asked.iter().all(|extra| edge.extras.contains(extra)))
                }),
            },
        }
    }
}

/// Returns the extras that packages ask of local ones. What lines ask for is locked as lines of their own.
fn asked_extras(graph: &Graph) -> BTreeSet<(&PackageKey, &ExtraName)> {
    let edges = graph.instances.values().flat_map(|instance| &instance.edges);
    let to_local = edges.filter(|edge| edge.to.package.id.ecosystem.is_local());
    to_local.flat_map(|edge| edge.extras.iter().map(|extra| (&edge.to.package, extra))).collect()
}

/// Returns the types that a peer brings as an optional peer: see `resolve::package_extensions`.
fn types_of_peer(dependency: &Dependency) -> Option<PackageName> {
    let is_peer = matches!(dependency.kind, DependencyKind::Peer | DependencyKind::OptionalPeer);
    match &dependency.wants {
        Wants::Requirement(requirement) if is_peer && requirement.ecosystem().has_scopes() => {
            requirement.seen_as().definitely_typed()
        }
        _ => None,
    }
}
