//! Comparing a lock with what its registries say: whoever edited it by hand, or slipped something into it, is found.

use std::collections::{BTreeMap, BTreeSet};

use crate::lock::{Closure, Lockfile, Selection};
use crate::model::{Graph, Label, PackageKey, Routes, Settings, Side};
use crate::registry::{CachePolicy, LockedIndex, Registries};
use crate::resolve::{self, Audited, Mismatch, Requirements};

use super::{Event, Project, Result, Session, failure, locking::sources, registries, runtimes, session};

/// Returns what of a lock is not what the metadata of its packages says.
pub(super) fn compare(session: &Session<'_>, project: &Project, lockfile: &Lockfile) -> Result<Vec<Mismatch>> {
    let project = &*runtimes::applied(project, &lockfile.runtimes);
    let registries = registries::open(session, project, CachePolicy::Revalidate)?;
    sources::look_again(session, project, &registries, lockfile)?;
    (session.context.reporter)(Event::Resolving(0));
    let graph = &lockfile.graph;
    let index = LockedIndex::fetch(&registries, graph);
    let mut found = Vec::new();
    if graph.sides.is_empty() {
        found = of_one(project, lockfile, (graph, None), &index, &registries)?;
    }
    for (place, side) in graph.sides.iter().enumerate() {
        for mismatch in of_one(project, lockfile, (&graph.on(side), Some((place, side))), &index, &registries)? {
            if !found.contains(&mismatch) {
                found.push(mismatch);
            }
        }
    }
    session::release(registries);
    Ok(found)
}

/// Compares one solution: that of a side, given with its place, or the only one.
fn of_one(
    project: &Project,
    lockfile: &Lockfile,
    (graph, side): (&Graph, Option<(usize, &Side)>),
    index: &LockedIndex<'_>,
    registries: &Registries,
) -> Result<Vec<Mismatch>> {
    let groups: BTreeSet<Label> = graph.roots.iter().filter_map(|root| root.group.clone()).collect();
    let platforms = lockfile.settings.platforms.iter().map(|target| target.platform);
    let reached: Vec<_> = platforms
        .map(|platform| {
            let selection = Selection { groups: groups.clone(), platform: Some(platform) };
            let instances: BTreeMap<_, _> = Closure::on_side(graph, &selection, None).instances;
            (platform, instances)
        })
        .collect();
    let requirements = Requirements {
        settings: Settings { python: project.manifest.settings.python.clone(), ..lockfile.settings.clone() },
        routes: project.routes.get(side.map_or(0, |(place, _)| place)).cloned().unwrap_or_else(Routes::default),
        ..Requirements::default()
    };
    let stated = |key: &PackageKey, file: &str| registries.stated_digests(key, file);
    let audited = Audited { graph, reached: &reached, stated: &stated };
    resolve::audit(&requirements, index, &audited).map_err(failure::of_index)
}
