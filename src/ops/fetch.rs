//! Filling the store with what the lock names, so that a sync needs no network: for an image's layer, or a journey.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::lock::{Closure, Selection};
use crate::profile;
use crate::store::Store;

use super::lock::{LockUse, update_lock};
use super::seen::{self, Seen};
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

/// Makes sure that the store has what all environments need on this machine, or the one that was asked for.
pub fn fetch(context: &Context<'_>, lock_use: LockUse) -> Result<Filled> {
    let root = project::find_root(context)?;
    seen::undisturbed(&root, |seen| fill(context, &Project::read(root.clone())?, lock_use, seen))
}

/// None where somebody else wrote manifest or lock meanwhile.
fn fill(context: &Context<'_>, project: &Project, lock_use: LockUse, seen: &Seen) -> Result<Option<Filled>> {
    let environments = match &context.environment {
        None => project.manifest.environments.iter().collect(),
        Some(_) => vec![project.environment(context)?],
    };
    let Some(locked) = update_lock(context, project, lock_use, seen)? else { return Ok(None) };
    let (graph, platform) = (&locked.lockfile.graph, Some(project.platform()?));
    for environment in &environments {
        let closure = Closure::of(graph, &project::selection(environment, platform));
        policies::check(project, environment, &locked.lockfile, &closure)?;
    }
    let groups: BTreeSet<_> = environments.iter().flat_map(|environment| environment.include.iter().cloned()).collect();
    let selection = Selection { groups, platform };
    let store = Store::open(&context.store);
    let closure = Closure::of(graph, &selection);
    let (_, gathered, skipped) = gather::gather_what_can_be_had(context, project, &store, &selection, closure)?;
    // From here on a collection keeps them, as long as the project is there.
    let root = profile::Project::open(&project.root)?;
    store.note_project(root.root(), gathered.trees.values().map(|tree| tree.digest))?;
    Ok(Some(Filled {
        environments: environments.iter().map(|environment| environment.name.to_string()).collect(),
        packages: gathered.trees.len(),
        fetched: gathered.fetched,
        bytes: gathered.bytes,
        warnings: locked.warnings.into_iter().chain(skipped).collect(),
    }))
}
