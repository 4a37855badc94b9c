//! Folders that a build makes, where it has not made them: what the lock has of them holds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lock::Lockfile;
use crate::model::{Edge, EdgeKind, Graph, Marker, NpmRange, Package, PackageKey, Requirement, Version};
use crate::ops::Project;
use crate::resolve::{Dependency, DependencyKind, Wants};

/// Returns the project with what the old lock has of packages that a build made when it was written, and that are not there now: their
/// versions, and what they ask for.
pub(in crate::ops) fn applied<'p>(project: Cow<'p, Project>, old: Option<&Lockfile>) -> Cow<'p, Project> {
    let unbuilt = project.path_packages.iter();
    let unbuilt = unbuilt.filter(|(_, package)| package.declared_version.as_ref() == Some(&Version::unbuilt()));
    let locked: Vec<_> = unbuilt
        .filter_map(|(folder, package)| {
            let graph = &old?.graph;
            let is_it = |(key, locked): &(&PackageKey, &Package)| {
                locked.folder.as_ref() == Some(folder) && key.id.name == package.name
            };
            let (key, _) = graph.packages.iter().find(is_it)?;
            (key.version != Version::unbuilt()).then(|| (Arc::clone(folder), key, dependencies(&project, graph, key)))
        })
        .collect();
    if locked.is_empty() {
        return project;
    }
    let mut project = project.into_owned();
    for (folder, key, dependencies) in locked {
        project.names.keep_locked(folder, key.version.clone(), dependencies);
    }
    Cow::Owned(project)
}

/// Returns what the instances of a package have, as what it asks for: newer versions will do as far as those of the locked ones do.
fn dependencies(project: &Project, graph: &Graph, key: &PackageKey) -> Vec<Dependency> {
    let instances = graph.instances.iter().filter(|(instance, _)| instance.package == *key);
    let edges: BTreeMap<_, &Edge> =
        instances.flat_map(|(_, instance)| &instance.edges).map(|edge| (&edge.name, edge)).collect();
    let asked = edges.into_values().filter_map(|edge| {
        let kind = match edge.kind {
            EdgeKind::Normal => DependencyKind::Normal,
            EdgeKind::Optional => DependencyKind::Optional,
            EdgeKind::Peer => DependencyKind::Peer,
            EdgeKind::OptionalPeer => DependencyKind::OptionalPeer,
        };
        let PackageKey { id, version } = &edge.to.package;
        let alias = edge.name.clone();
        let requirement = if id.ecosystem.is_local() {
            let folder = graph.packages.get(&edge.to.package)?.folder.as_ref()?;
            project.names.in_folder(folder)?;
            Requirement::path(alias, id.name.clone(), Arc::clone(folder), Marker::default())
        } else if id.ecosystem.has_scopes() {
            // A peer is whatever the dependents have.
            let range = if kind.is_peer() { "*".to_owned() } else { format!("^{version}") };
            Requirement::npm(alias, id.name.clone(), range.parse::<NpmRange>().ok()?)
        } else {
            return None;
        };
        Some(Dependency::new(kind, Wants::Requirement(requirement)))
    });
    asked.collect()
}
