//! `larder.lock`: the model, its canonical text, whether it is fresh, and what an environment reaches in it.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `v1` | the format on disk: reading and writing |
//! | `error` | what can be wrong with a lockfile's text |
//! | `conflict` | what both sides of a merge conflict agree on |
//! | `freshness` | whether a lock still is what the manifest wants |
//! | `closure` | what a selection of groups reaches on a platform |
//! | `needed_files` | which files the declared platforms need |
//! | `dependency_paths` | why a package is there |
//! | `fallback` | which instance of each name packages find that do not declare it |
//! | `spans` | where a package, an edge or a fact stands in the text |

mod closure;
mod conflict;
mod conflict_markers;
mod dependency_paths;
mod error;
mod fallback;
mod freshness;
mod key;
mod needed_files;
mod spans;
mod v1;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use closure::{Closure, Selection, platforms_of};
pub use conflict::salvage;
pub use dependency_paths::{DependencyChain, ShortestPaths, why};
pub use error::LockfileError;
pub use fallback::{Fallback, UnmetDeclaration};
pub use freshness::{DeclaredState, Freshness, LocalManifest, OriginMatch, StaleReason, freshness, misrouted};
pub use needed_files::leave_out_unneeded_files;
pub use spans::{Anchor, Spans};

use crate::model::{
    Builds, Dependent, Edge, Edition, Graph, InstanceKey, Label, LockedProvenance, LogKey, Origin, PackageKey,
    RootEdge, Runtimes, Settings, Side,
};
use crate::resolve::Preferences;

/// A lockfile: what was solved, and under which settings.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Lockfile {
    /// Platforms, runtimes and rules that it was solved for.
    pub settings: Settings,
    /// The packages and edges that were chosen.
    pub graph: Graph,
    /// The tools that build what has to be built.
    pub builds: Builds,
    /// The runtimes that larder brings.
    pub runtimes: Runtimes,
    /// Who built packages, where a policy asks for that.
    pub provenance: BTreeMap<PackageKey, LockedProvenance>,
    /// The keys that were believed on first use, of the logs of registries for which the manifest names none.
    pub log_keys: BTreeMap<Label, LogKey>,
}

/// An edge whose target is not there, as a merge can leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dangling {
    /// The dependent; none for a manifest.
    pub from: Option<InstanceKey>,
    /// The missing instance.
    pub to: InstanceKey,
}

impl Lockfile {
    /// Joins settings and graph, and puts every list into its canonical order: here, and nowhere else.
    pub fn new(mut settings: Settings, mut graph: Graph) -> Self {
        if !graph.packages.keys().any(|key| key.id.ecosystem.has_scopes()) {
            settings.package_extensions = Edition::default();
        }
        for root in &mut graph.roots {
            root.to.sort();
        }
        graph.roots.sort_by(canonical_order);
        for package in graph.packages.values_mut() {
            package.artifacts.sort();
        }
        for instance in graph.instances.values_mut() {
            instance.edges.sort();
            instance.dropped.sort();
        }
        Self { settings, graph, ..Self::default() }
    }

    /// Writes the canonical text: the same for equal locks.
    pub fn to_text(&self) -> String {
        let _span = tracing::info_span!("write lock", packages = self.graph.packages.len()).entered();
        v1::write(self)
    }

    /// Gives private packages that stay as they were the histories that an older lock witnessed, so that a lock changes where
    /// versions do, and not whenever something is published.
    pub fn keep_histories(&mut self, old: &Self) {
        for (key, package) in &mut self.graph.packages {
            let Some(attestation) = &mut package.attestation else { continue };
            let known = old.graph.packages.get(key).filter(|known| known.origin == package.origin);
            if let Some(known) = known.and_then(|known| known.attestation.as_ref())
                && known.tree == attestation.tree
                && known.history.lines <= attestation.history.lines
            {
                attestation.history = known.history.clone();
            }
        }
    }

    /// Returns the lock without the histories that it has of a registry's packages, and without the key of its log.
    #[must_use]
    pub fn without_histories(&self, registry: &Label) -> Self {
        let mut without = self.clone();
        without.log_keys.remove(registry);
        for package in without.graph.packages.values_mut() {
            if package.origin.as_ref().and_then(Origin::registry) == Some(registry) {
                package.attestation = None;
            }
        }
        without
    }

    /// Returns the versions that were chosen for a side of the project's conflicts, for a solve that should change little. A
    /// side that is new starts from one that shares a group with it, or from the first; where conflicts are new or gone, the
    /// solutions that are there count for all.
    pub fn preferences(&self, side: Option<&Side>) -> Preferences {
        let sides = &self.graph.sides;
        let shares = |known: &&Side, side: &Side| known.groups().any(|group| side.groups().any(|own| own == group));
        let known = side.and_then(|side| {
            sides.iter().find(|known| *known == side).or_else(|| sides.iter().find(|known| shares(known, side)))
        });
        match known.or_else(|| sides.iter().next()) {
            Some(known) if side == Some(known) => chosen(&self.graph.on(known)),
            Some(known) => chosen(&self.graph.on(known)).or(chosen(&self.graph)),
            None => chosen(&self.graph),
        }
    }

    /// Returns the edition of the list of forgotten dependencies that was followed; none where nothing of npm's is locked.
    pub fn edition(&self) -> Option<Edition> {
        let has_npm = self.graph.packages.keys().any(|key| key.id.ecosystem.has_scopes());
        has_npm.then_some(self.settings.package_extensions)
    }

    /// Returns the lock as it would be without the members and the local packages in some folders.
    #[must_use]
    pub fn without_folders(&self, folders: &BTreeSet<Arc<str>>) -> Self {
        let mut graph = self.graph.clone();
        let is_out = |folder: Option<&Arc<str>>| folder.is_some_and(|folder| folders.contains(folder));
        graph.packages.retain(|_, package| !is_out(package.folder.as_ref()));
        let packages = &graph.packages;
        let stays = |edge: &Edge| {
            packages.contains_key(&edge.to.package) || !self.graph.packages.contains_key(&edge.to.package)
        };
        graph.instances.retain(|key, _| packages.contains_key(&key.package));
        graph.instances.values_mut().for_each(|instance| instance.edges.retain(stays));
        graph.roots.retain(|root| match &root.dependent {
            Dependent::Member(folder) => !folders.contains(folder),
            Dependent::Project => true,
        });
        graph.roots.iter_mut().for_each(|root| root.to.retain(stays));
        Self { graph, ..self.clone() }
    }

    /// Returns the edges whose targets are not there. A lock with such edges is stale, not corrupt.
    pub fn dangling(&self) -> Vec<Dangling> {
        let graph = &self.graph;
        let roots = graph.roots.iter().flat_map(|root| &root.to).map(|edge| (None, edge));
        let inner =
            graph.instances.iter().flat_map(|(key, instance)| instance.edges.iter().map(move |edge| (Some(key), edge)));
        roots
            .chain(inner)
            .filter(|(_, edge)| !graph.instances.contains_key(&edge.to))
            .map(|(from, edge)| Dangling { from: from.cloned(), to: edge.to.clone() })
            .collect()
    }
}

/// Returns the versions of a solution.
pub fn chosen(graph: &Graph) -> Preferences {
    let mut preferences = Preferences::default();
    for key in graph.packages.keys() {
        preferences.versions.entry(key.id.clone()).or_default().insert(key.version.clone());
    }
    let is_scoped = |edge: &&Edge| edge.to.package.id.ecosystem.has_scopes();
    let version = |edge: &Edge| edge.to.package.version.clone();
    for (key, instance) in &graph.instances {
        let edges = instance.edges.iter().filter(is_scoped);
        preferences.edges.extend(edges.map(|edge| ((key.package.clone(), edge.name.clone()), version(edge))));
    }
    for root in &graph.roots {
        let edges = root.to.iter().filter(is_scoped);
        preferences.lines.extend(edges.map(|edge| ((root.dependent.clone(), edge.name.clone()), version(edge))));
        if let Some(tag) = root.requirement.tag() {
            let name = root.requirement.seen_as().clone();
            preferences.tags.insert((root.dependent.clone(), name, tag.to_owned()));
        }
    }
    preferences
}

/// Reads a lockfile. `file` is its path, for messages.
pub fn parse(file: &str, text: &str) -> Result<Lockfile, LockfileError> {
    let _span = tracing::info_span!("read lock", bytes = text.len()).entered();
    v1::read(text).map_err(|problem| LockfileError::new(file, text, problem))
}

/// The order of manifest lines in a lock: by place and name, then by what else tells two lines apart.
fn canonical_order(a: &RootEdge, b: &RootEdge) -> Ordering {
    let name = |root: &RootEdge| (root.requirement.ecosystem(), root.requirement.seen_as().clone());
    let marker = |root: &RootEdge| root.requirement.marker().map(ToString::to_string);
    let range = |root: &RootEdge| {
        // The condition of a local package is no part of its range.
        let condition = marker(root).filter(|_| !root.requirement.ecosystem().is_local());
        let requirement = &root.requirement;
        (requirement.range_text(), requirement.extras().to_vec(), condition, requirement.takes_beta())
    };
    (&a.dependent, &a.group)
        .cmp(&(&b.dependent, &b.group))
        .then_with(|| name(a).cmp(&name(b)))
        .then_with(|| range(a).cmp(&range(b)))
        .then_with(|| (a.optional, &a.to).cmp(&(b.optional, &b.to)))
        .then_with(|| marker(a).cmp(&marker(b)))
}

#[cfg(test)]
mod tests;
