//! What the checks say of a project's lock, and what its policies refuse.

use std::slice::from_ref;

use crate::lock::{Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::CheckName;
use crate::policy::{
    self, CheckInput, CheckStage, Finding, FindingReport, LocatedFinding, NamedText, PolicyError, SolveNotes,
};
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
    let findings = judge(project, environment, lockfile, from_ref(closure), CheckStage::BeforeBuild);
    if findings.iter().any(Finding::is_denied) {
        let text = lockfile.to_text();
        refuse(&describe(findings.clone(), lockfile, &text), &text)?;
    }
    Ok(findings)
}

/// Fails with the findings that are denied.
pub(super) fn refuse(described: &[LocatedFinding], lock_text: &str) -> Result<()> {
    match PolicyError::new(described, NamedText { file: LOCKFILE, text: lock_text }) {
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
    on: CheckStage,
) -> Vec<Finding> {
    let subject = CheckInput { closures: Some(reached), ..subject(project, lockfile) };
    policy::check_environment(&subject, &project.manifest, environment, on)
}

/// Returns what is told of a lock that a project goes on with.
pub(super) fn standing(project: &Project, lockfile: &Lockfile) -> Vec<Finding> {
    policy::check_lock(&subject(project, lockfile), &project.manifest, CheckStage::ExistingLock)
}

/// Returns what is told of a lock that a project goes on with, of what stands in the lock alone.
pub(super) fn standing_alone(project: &Project, lockfile: &Lockfile) -> Vec<Finding> {
    policy::check_lock(&CheckInput::whole(lockfile), &project.manifest, CheckStage::ExistingLock)
}

/// Returns what is told of a lock that was just solved, and that replaces another.
pub(super) fn solved(project: &Project, before: &Lockfile, lockfile: &Lockfile, solve: &SolveNotes) -> Vec<Finding> {
    let subject = CheckInput { previous: Some(before), solve: Some(solve), ..subject(project, lockfile) };
    policy::check_lock(&subject, &project.manifest, CheckStage::AfterSolve)
}

/// Returns what of a lock is not what its registries say.
pub(super) fn mismatched(lockfile: &Lockfile, mismatches: &[Mismatch]) -> Vec<Finding> {
    let subject = CheckInput { mismatches, ..CheckInput::whole(lockfile) };
    policy::check_named(CheckName::Metadata).map(|check| check.run(&subject)).unwrap_or_default()
}

/// Looks up the places of findings.
pub(super) fn describe(findings: Vec<Finding>, lockfile: &Lockfile, lock_text: &str) -> Vec<LocatedFinding> {
    policy::locate(findings, lockfile, lock_text, MANIFEST)
}

/// Returns findings as `--json` prints them.
pub(super) fn reports(described: &[LocatedFinding], lock_text: &str) -> Vec<FindingReport> {
    described.iter().map(|one| one.report(NamedText { file: LOCKFILE, text: lock_text })).collect()
}

/// Returns findings as the strings of `"warnings"`: packages and folders that want the same Node are told of together.
pub(super) fn messages(findings: &[Finding]) -> impl Iterator<Item = String> {
    let mut told: Vec<(String, Vec<&str>)> = Vec::new();
    for finding in findings {
        let shared = match finding.message.split_once(": ") {
            Some((who, wants)) if finding.check == CheckName::Engines => Some((who, wants)),
            _ => None,
        };
        match shared {
            None => told.push((finding.message.clone(), Vec::new())),
            Some((who, wants)) => match told.iter_mut().find(|(known, all)| known == wants && !all.is_empty()) {
                Some((_, all)) => all.push(who),
                None => told.push((wants.to_owned(), vec![who])),
            },
        }
    }
    told.into_iter().map(|(message, who)| match who[..] {
        [] => message,
        [one] => format!("{one}: {message}"),
        [ref first @ .., last] => {
            let plural = message.replacen("it wants", "they want", 1).replacen("wants", "want", 1);
            format!("{} and {last}: {plural}", first.join(", "))
        }
    })
}

fn subject<'a>(project: &'a Project, lockfile: &'a Lockfile) -> CheckInput<'a> {
    CheckInput {
        registries: &project.manifest.registries,
        local_warnings: &project.warnings,
        engine_mismatches: own_runtimes::warnings(project),
        ..CheckInput::whole(lockfile)
    }
}
