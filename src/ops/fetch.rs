//! Filling the store with what the lock names, so that a sync needs no network: for an image's layer, or a journey.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::lock::{Closure, Selection};
use crate::profile;
use crate::store::Store;

use super::lock::{self, LockUse, Locked};
use super::{Context, Project, Result, gather, policies, project};

/// `larder fetch --json`: see `schema/fetch.json`.
#[derive(Debug, Serialize)]
pub struct Filled {
    /// The environments whose packages are in the store now.
    pub environments: Vec<String>,
    /// How many packages they need from registries.
    pub packages: usize,
    /// How many of them were fetched.
    pub fetched: usize,
    /// How many bytes came.
    pub bytes: u64,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// Makes sure that the store has what all groups of the lock need on this machine, or those of the environment that was
/// asked for. The lock is taken as it is, unless `lock_use` demands a fresh one; it is never written.
pub fn fetch(context: &Context<'_>, lock_use: LockUse) -> Result<Filled> {
    let root = project::find_root(context)?;
    let (project, lockfile) = if lock_use == LockUse::Locked {
        let project = Project::read(root)?;
        let lockfile = lock::fresh(&project)?;
        (project, lockfile)
    } else {
        let project = Project::read_for(root, LockUse::Frozen)?;
        let lockfile = lock::frozen(&project)?;
        (project, lockfile)
    };
    let environments = match &context.environment {
        None => project.manifest.environments.iter().collect(),
        Some(_) => vec![project.environment(context)?],
    };
    let (graph, platform) = (&lockfile.graph, Some(project.platform()?));
    for environment in &environments {
        let closure = Closure::of(graph, &project::selection(environment, platform));
        policies::check(&project, environment, &lockfile, &closure)?;
    }
    let groups: BTreeSet<_> = match &context.environment {
        None => graph.roots.iter().filter_map(|line| line.group.clone()).collect(),
        Some(_) => environments.iter().flat_map(|environment| environment.include.iter().cloned()).collect(),
    };
    let selection = Selection { groups, platform };
    let store = Store::open(&context.store);
    let closure = Closure::of(graph, &selection);
    let (_, gathered, skipped) = gather::gather_what_can_be_had(context, &project, &store, &selection, closure)?;
    // From here on a collection keeps them, as long as the project is there.
    let root = profile::Project::open(&project.root)?;
    store.note_project(root.root(), gathered.trees.values().map(|tree| tree.digest))?;
    Ok(Filled {
        environments: environments.iter().map(|environment| environment.name.to_string()).collect(),
        packages: gathered.trees.len(),
        fetched: gathered.fetched,
        bytes: gathered.bytes,
        warnings: Locked::unchanged(lockfile).warnings.into_iter().chain(skipped).collect(),
    })
}
