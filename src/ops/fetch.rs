//! Filling the store with what the lock names, so that a sync needs no network: for an image's layer, or a journey.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::lock::{Closure, Lockfile, Selection};
use crate::manifest::Environment;
use crate::model::{Label, Platform};
use crate::profile;

use super::install::gather::{self, Completeness, Gathered, PackageSteps, SourceUse};
use super::lock::{self, Absent, LockUse, Locked};
use super::policies::Subject;
use super::registries::LazyRegistries;
use super::{Context, Project, Result, Session, project, runtimes};

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
pub fn fetch(session: &Session<'_>, lock_use: LockUse) -> Result<Filled> {
    let store = &session.store;
    let (project, lockfile) = read(session.context, lock_use)?;
    let FetchExtent { environments, selected } = FetchExtent::of(session.context, &project, &lockfile)?;
    let (graph, platform) = (&lockfile.graph, Some(project.platform()?));
    check_policies(session, (&project, &lockfile), &environments, platform)?;
    let (mut gathered, mut skipped) = (Gathered::default(), Vec::new());
    let own_platform = project.platform()?;
    let root = profile::Profiles::open(&project.root)?;
    let source = LazyRegistries::new(session, &project);
    let runtimes = runtimes::gather(session, &source, &lockfile.runtimes, own_platform);
    source.opened()?;
    let runtimes = runtimes?;
    let of_runtimes: Vec<_> = runtimes.trees.iter().map(|runtime| runtime.tree.digest).collect();
    store.note_project(root.root(), of_runtimes.iter().copied())?;
    gathered.fetched += runtimes.fetched;
    gathered.bytes += runtimes.bytes;
    for groups in selected {
        let selection = Selection { groups, platform };
        let closure = Closure::of(graph, &selection);
        let (sources, carried) = (SourceUse::Gathered(&lockfile.builds), &BTreeMap::new());
        let preparation = PackageSteps { patches: &[], sources, scripts: None, carried };
        let completeness = Completeness::WithoutMissingOptional;
        let (_, more, missing) = gather::gather(&source, &selection, closure, &preparation, completeness)?;
        skipped.extend(missing.warnings());
        gathered.fetched += more.fetched;
        gathered.bytes += more.bytes;
        gathered.trees.extend(more.trees);
        // From here on a collection keeps them, as long as the project is there.
        let trees = gathered.trees.values().map(|tree| tree.digest);
        store.note_project(root.root(), trees.chain(of_runtimes.iter().copied()))?;
    }
    Ok(Filled {
        environments: environments.iter().map(|environment| environment.name.to_string()).collect(),
        packages: gathered.trees.len(),
        fetched: gathered.fetched,
        bytes: gathered.bytes,
        warnings: Locked::unchanged(&project, lockfile).warnings().chain(skipped).collect(),
    })
}

/// Reads the project and its lock: as it is, unless `lock_use` demands a fresh one.
pub(super) fn read(context: &Context<'_>, lock_use: LockUse) -> Result<(Project, Lockfile)> {
    let root = project::find_root(context)?;
    if lock_use == LockUse::Locked {
        let project = Project::read(root)?;
        let lockfile = lock::fresh(&project)?;
        return Ok((project, lockfile));
    }
    let project = Project::read_for(root, LockUse::Frozen(Absent::Refused))?;
    let lockfile = lock::frozen(&project)?;
    Ok((project, lockfile))
}

/// What of a lock is fetched.
pub(super) struct FetchExtent<'p> {
    /// The environments that are asked for.
    pub(super) environments: Vec<&'p Environment>,
    /// The groups, for each closure that is taken of the lock.
    pub(super) selected: Vec<BTreeSet<Label>>,
}

impl<'p> FetchExtent<'p> {
    /// Returns the environment that was asked for, or all of them, and all groups.
    pub(super) fn of(context: &Context<'_>, project: &'p Project, lockfile: &Lockfile) -> Result<Self> {
        let environments = match &context.environment {
            None => project.manifest.environments.iter().collect(),
            Some(_) => vec![project.environment(context)?],
        };
        let graph = &lockfile.graph;
        let all = || graph.roots.iter().filter_map(|line| line.group.clone());
        let selected = match &context.environment {
            Some(_) => environments.iter().map(|environment| environment.include.iter().cloned().collect()).collect(),
            None if graph.sides.is_empty() => vec![all().collect()],
            // Each side has a solution of its own.
            None => graph
                .sides
                .iter()
                .map(|side| all().filter(|group| graph.sides.counts(Some(group), side)).collect())
                .collect(),
        };
        Ok(Self { environments, selected })
    }
}

/// Fails where the policy of an environment refuses what it would have on a platform.
pub(super) fn check_policies(
    session: &Session<'_>,
    (project, lockfile): (&Project, &Lockfile),
    environments: &[&Environment],
    platform: Option<Platform>,
) -> Result<()> {
    let subject = Subject::looking_up(session, (project, lockfile), || lockfile.graph.packages.iter(), environments)?;
    for environment in environments {
        let closure = Closure::of(&lockfile.graph, &project::selection(environment, platform));
        subject.check(environment, &closure)?;
    }
    Ok(())
}
