//! What is to be released.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use super::error::ReleaseError;
use super::planned::{PlannedChange, PlannedUnit};
use super::record::ReleaseRecord;
use super::units::{self, ReleaseUnit};
use super::{MalformedCommit, ReleaseOptions};
use crate::git::{Checkout, HistoryCommit};
use crate::ops::{Context, Result};
use crate::release::{self, Bump, CommitHistory, MessageCommit};

/// Variables by which systems of CI tell the number of a run.
const RUNS: [&str; 4] = ["GITHUB_RUN_NUMBER", "CI_PIPELINE_IID", "BUILD_NUMBER", "BUILDKITE_BUILD_NUMBER"];

/// Variables by which they tell the branch, where a commit is checked out.
const BRANCHES: [&str; 3] = ["GITHUB_REF_NAME", "CI_COMMIT_BRANCH", "BUILDKITE_BRANCH"];

/// Branches of releases where none is named.
const RELEASED: [&str; 2] = ["main", "master"];

/// A plan.
pub(super) struct Planned {
    pub(super) record: ReleaseRecord,
    pub(super) malformed: Vec<MalformedCommit>,
}

/// Plans a release.
pub(super) fn plan(
    context: &Context<'_>,
    repository: &Checkout,
    root: &Path,
    options: &ReleaseOptions,
) -> Result<Planned> {
    let changed = repository.changed()?;
    if !changed.is_empty() {
        return Err(ReleaseError::Changed { files: changed.into_iter().take(10).collect() }.into());
    }
    let units = units::find_in(repository, root)?;
    let run = prerelease_run(context, repository, options)?;
    let (tags, base) = (repository.tags()?, repository.head()?);
    let is_shallow = repository.is_shallow()?;
    let folders: BTreeSet<&str> = units.iter().map(|unit| &*unit.folder).filter(|folder| !folder.is_empty()).collect();
    let date = Timestamp::now().strftime("%Y-%m-%d").to_string();
    let (mut planned, mut malformed) = (Vec::new(), BTreeSet::new());
    for unit in &units {
        let last = units::last_release(repository, unit, &tags)?;
        if last.is_none() && is_shallow {
            return Err(ReleaseError::Shallow.into());
        }
        let commits = repository.commits(last.as_ref().map(|(_, tag)| *tag))?;
        let history = release::read_history(commits.iter().map(|commit| MessageCommit {
            id: &commit.id,
            parents: &commit.parents,
            message: &commit.message,
            counts: concerns(commit, &unit.folder, &folders),
        }));
        malformed.extend(
            history.malformed.iter().map(|(id, line)| MalformedCommit { commit: id.clone(), subject: line.clone() }),
        );
        planned.extend(planned_unit(unit, last.map(|(version, _)| version), &history, &date, run));
    }
    if run.is_none() {
        for tag in planned.iter().filter_map(|unit| unit.tag.as_ref()) {
            if repository.tagged(tag).is_some() {
                return Err(ReleaseError::TagTaken { tag: tag.clone() }.into());
            }
        }
    }
    let record = ReleaseRecord::new(base, planned, options, run.is_some());
    Ok(Planned { record, malformed: malformed.into_iter().collect() })
}

/// Returns the number of the run, where the branch has pre-releases only.
fn prerelease_run(context: &Context<'_>, repository: &Checkout, options: &ReleaseOptions) -> Result<Option<u64>> {
    let in_ci = || BRANCHES.iter().find_map(|name| context.variables.text(name));
    let branch = repository.branch().or_else(in_ci).unwrap_or_default();
    let is_released =
        if options.branches.is_empty() { RELEASED.contains(&&*branch) } else { options.branches.contains(&branch) };
    if is_released {
        return Ok(None);
    }
    let run = || RUNS.iter().find_map(|name| context.variables.text(name)?.parse().ok());
    let branch = if branch.is_empty() { "a commit without a branch".to_owned() } else { branch };
    options.run.or_else(run).map(Some).ok_or_else(|| ReleaseError::NoRun { branch }.into())
}

/// Returns whether a commit concerns a unit: it changes files of it. What lies in the folder of a unit is that unit's; a commit
/// without files is the root's.
fn concerns(commit: &HistoryCommit, folder: &str, folders: &BTreeSet<&str>) -> bool {
    let is_below = |path: &str, folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let owner = |path: &str| folders.iter().filter(|folder| is_below(path, folder)).max_by_key(|folder| folder.len());
    let mut owners = commit.paths.iter().map(|path| owner(path).copied().unwrap_or_default());
    if folder.is_empty() {
        (commit.paths.is_empty() && !commit.changes_others) || owners.any(str::is_empty)
    } else {
        owners.any(|one| one == folder)
    }
}

fn planned_unit(
    unit: &ReleaseUnit,
    last: Option<semver::Version>,
    history: &CommitHistory,
    date: &str,
    run: Option<u64>,
) -> Option<PlannedUnit> {
    // Who raised the version by hand meant it.
    let from = last.map_or_else(|| unit.version.clone(), |last| last.max(unit.version.clone()));
    let bump: Bump = history.bump();
    let next = release::next_version(&from, bump)?;
    let version = run.map_or_else(|| next.clone(), |run| release::prerelease(&next, run));
    let changes = history.changes.iter().map(|change| PlannedChange {
        commit: change.commit.clone(),
        scope: change.scope.clone(),
        description: change.description.clone(),
        breaking: change.breaking.is_some(),
    });
    Some(PlannedUnit {
        name: unit.name.clone(),
        folder: unit.folder.clone(),
        from: from.to_string(),
        tag: run.is_none().then(|| unit.tags.tag(&version)),
        changes: changes.collect(),
        section: release::section(&version, date, history),
        version: version.to_string(),
    })
}
