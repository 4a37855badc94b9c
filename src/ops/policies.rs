//! What the checks say of a project's lock, and what its policies refuse.

use std::slice::from_ref;

use crate::lock::{Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::CheckName;
use crate::policy::{self, Described, Document, Finding, FindingReport, Occasion, PolicyError, Solve, Subject};
use crate::resolve::Mismatch;

use super::project::own_runtimes;
use super::session::{LOCKFILE, MANIFEST};
use super::{Project, Result};

/// Fails where the environment's policy forbids what the closure has; returns what it only warns of.
pub(super) fn check(
    project: &Project,
    environment: &Environment,
    lockfile: &Lockfile,
    closure: &Closure<'_>,
) -> Result<Vec<Finding>> {
    let findings = judge(project, environment, lockfile, from_ref(closure), Occasion::Building);
    if findings.iter().any(Finding::is_denied) {
        let text = lockfile.to_text();
        refuse(&describe(findings.clone(), lockfile, &text), &text)?;
    }
    Ok(findings)
}

/// Fails with the findings that are denied.
pub(super) fn refuse(described: &[Described], lock_text: &str) -> Result<()> {
    match PolicyError::new(described, Document { file: LOCKFILE, text: lock_text }) {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// Returns what is found in the parts of a lock that an environment reaches.
pub(super) fn judge(
    project: &Project,
    environment: &Environment,
    lockfile: &Lockfile,
    reached: &[Closure<'_>],
    on: Occasion,
) -> Vec<Finding> {
    let subject = Subject { reached: Some(reached), ..subject(project, lockfile) };
    policy::judge(&subject, &project.manifest, environment, on)
}

/// Returns what is told of a lock that a project goes on with.
pub(super) fn standing(project: &Project, lockfile: &Lockfile) -> Vec<Finding> {
    policy::judge_all(&subject(project, lockfile), &project.manifest, Occasion::Standing)
}

/// Returns what is told of a lock that a project goes on with, of what stands in the lock alone.
pub(super) fn standing_alone(project: &Project, lockfile: &Lockfile) -> Vec<Finding> {
    policy::judge_all(&Subject::whole(lockfile), &project.manifest, Occasion::Standing)
}

/// Returns what is told of a lock that was just solved, and that replaces another.
pub(super) fn solved(project: &Project, before: &Lockfile, lockfile: &Lockfile, solve: &Solve) -> Vec<Finding> {
    let subject = Subject { before: Some(before), solve: Some(solve), ..subject(project, lockfile) };
    policy::judge_all(&subject, &project.manifest, Occasion::Solved)
}

/// Returns what of a lock is not what its registries say.
pub(super) fn mismatched(lockfile: &Lockfile, mismatches: &[Mismatch]) -> Vec<Finding> {
    let subject = Subject { mismatches, ..Subject::whole(lockfile) };
    policy::check(CheckName::Metadata).map(|check| check.judge(&subject)).unwrap_or_default()
}

/// Looks up the places of findings.
pub(super) fn describe(findings: Vec<Finding>, lockfile: &Lockfile, lock_text: &str) -> Vec<Described> {
    policy::describe(findings, lockfile, lock_text, MANIFEST)
}

/// Returns findings as `--json` prints them.
pub(super) fn reports(described: &[Described], lock_text: &str) -> Vec<FindingReport> {
    described.iter().map(|one| one.report(Document { file: LOCKFILE, text: lock_text })).collect()
}

/// Returns findings as the strings of `"warnings"`.
pub(super) fn messages(findings: &[Finding]) -> impl Iterator<Item = String> {
    findings.iter().map(|finding| finding.message.clone())
}

fn subject<'a>(project: &'a Project, lockfile: &'a Lockfile) -> Subject<'a> {
    Subject {
        registries: &project.manifest.registries,
        local: &project.warnings,
        misfits: own_runtimes::warnings(project),
        ..Subject::whole(lockfile)
    }
}
