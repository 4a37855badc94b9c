//! Going back with some packages only: their versions come from an earlier generation, the rest is solved to fit.

use crate::diagnostic::{Exit, Failure, nearest};
use crate::difference::PackageVersions;
use crate::lock::{self as lockfiles, Lockfile};
use crate::model::{Label, PackageId, Side, Version};
use crate::profile::{self, ProfileError};

use super::lock::{self, LockUse, Locked, Replacement, Wish};
use super::project;
use super::project::snapshot::{self, InputSnapshot};
use super::project::spec::Known;
use super::session::LOCKFILE;
use super::sync::{self, AfterRollback, Mode, SyncOptions, Synced};
use super::{Project, Result, Session};

/// What became of it.
#[derive(Debug)]
pub struct PartiallyRolledBack {
    /// The generation that the versions come from.
    pub generation: u64,
    /// What became of the lock.
    pub locked: Locked,
    /// What became of the profile.
    pub synced: Synced,
}

/// Gives the named packages the versions that they had in a generation, or in the current one's parent; writes the lock and
/// syncs.
pub fn partial_rollback(session: &Session<'_>, number: Option<u64>, names: &[String]) -> Result<PartiallyRolledBack> {
    let root = project::find_root(session.context)?;
    let (generation, locked) = snapshot::undisturbed(&root, |snapshot| {
        write_lock(session, &Project::read(root.clone())?, (number, names), snapshot)
    })?;
    let options =
        SyncOptions { mode: Mode::Build(AfterRollback::Forward), lock: LockUse::Locked, ..SyncOptions::default() };
    let synced = sync::sync(session, options)?;
    Ok(PartiallyRolledBack { generation, locked, synced })
}

/// None where somebody else wrote manifest or lock meanwhile.
fn write_lock(
    session: &Session<'_>,
    project: &Project,
    (number, names): (Option<u64>, &[String]),
    snapshot: &InputSnapshot,
) -> Result<Option<(u64, Locked)>> {
    let declared = project.environment(session.context)?;
    let environment = &declared.name;
    let profile = profile::Profiles::open(&project.root)?;
    let current =
        profile.current_summary(environment)?.ok_or_else(|| ProfileError::NeverSynced(environment.clone()))?;
    let number = number.or(current.parent).unwrap_or(current.number);
    let there = profile.generation(environment, number)?.packages();
    let wanted = wanted(environment, number, &there, names)?;
    let then = lockfiles::parse(LOCKFILE, &profile.lock_text(environment, number)?)?;
    let now = lock::read(project)?.lockfile().unwrap_or_default();

    // First with everything else as it is now, then with everything else as it was then.
    let side = project.sides.of(&declared.include).cloned();
    let mut tries = [&now, &then].into_iter();
    let (lockfile, solved) = loop {
        let Some(kept) = tries.next() else {
            let packages = wanted.iter().map(|(package, versions)| format!("{package} {}", list(versions))).collect();
            return Err(PartialRollbackError::DoesNotFit { packages }.into());
        };
        let (kept, wanted_on) = (Some(kept), side.clone());
        let wish = Wish { kept, wanted: wanted.clone(), wanted_on, ..Wish::keeping(&now) };
        let (lockfile, solved) = lock::solve(session, project, &wish)?;
        if has(&lockfile, side.as_ref(), &wanted) {
            break (lockfile, solved);
        }
    };
    let replacement = Replacement { project, edited: None, old: &now, snapshot };
    Ok(replacement.write(session.context, (lockfile, &solved))?.map(|locked| (number, locked)))
}

fn wanted(environment: &Label, number: u64, there: &PackageVersions, names: &[String]) -> Result<PackageVersions> {
    let mut wanted = PackageVersions::new();
    for name in names {
        let known = Known::parse(name);
        let found: Vec<_> = there.iter().filter(|(package, _)| known.names(package)).collect();
        if found.is_empty() {
            let meant = nearest(name, there.keys().map(|package| package.name.as_str())).map(str::to_owned);
            let (environment, name) = (environment.clone(), name.clone());
            return Err(PartialRollbackError::NotThere { name, environment, number, meant }.into());
        }
        wanted.extend(found.into_iter().map(|(package, versions)| (package.clone(), versions.clone())));
    }
    Ok(wanted)
}

/// Tells whether a lock's solution for a side has the wanted packages in the wanted versions, and in no others.
fn has(lockfile: &Lockfile, side: Option<&Side>, wanted: &PackageVersions) -> bool {
    let solution = side.map(|side| lockfile.graph.on(side));
    let packages = &solution.as_ref().unwrap_or(&lockfile.graph).packages;
    let versions = |package: &PackageId| -> Vec<&Version> {
        packages.keys().filter(|key| key.id == *package).map(|key| &key.version).collect()
    };
    wanted.iter().all(|(package, wanted)| {
        let found = versions(package);
        !found.is_empty() && found.iter().all(|version| wanted.contains(version))
    })
}

fn list(versions: &[Version]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Why versions cannot be gone back to.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum PartialRollbackError {
    /// The generation does not have the package.
    #[error("generation {number} of {environment} has no `{name}`")]
    #[diagnostic(code(larder::rollback::not_there), help("{}", meant.as_ref().map_or_else(|| "`larder diff` shows what it has".to_owned(), |m| format!("did you mean `{m}`?"))))]
    NotThere { name: String, environment: Label, number: u64, meant: Option<String> },
    /// The manifest, or another package, asks for another version.
    #[error("{} does not fit what larder.kdl and the other packages ask for", packages.join(", "))]
    #[diagnostic(
        code(larder::rollback::does_not_fit),
        help("`larder why NAME` shows who asks for it; widen the line in larder.kdl, or name what depends on it too")
    )]
    DoesNotFit { packages: Vec<String> },
}

impl Failure for PartialRollbackError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotThere { .. } => Exit::Manifest,
            Self::DoesNotFit { .. } => Exit::NoSolution,
        }
    }
}
