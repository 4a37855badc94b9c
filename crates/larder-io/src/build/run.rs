//! One step of a build: a program that has to succeed.

use std::collections::BTreeMap;
use std::path::Path;

use super::missing::{missing, missing_module};
use super::{BuildError, FailedStep, Program, Sandbox, Status, Stop};

/// A program of a build.
pub(super) struct BuildProgram<'a> {
    /// What is built, for messages.
    pub(super) package: &'a str,
    /// What the program does for it, for messages.
    pub(super) what: &'a str,
    pub(super) program: &'a Path,
    pub(super) arguments: Vec<String>,
    pub(super) variables: BTreeMap<String, String>,
    /// Its working folder, as the build sees it.
    pub(super) folder: &'a Path,
    pub(super) log: &'a Path,
}

/// So many of the last lines are shown.
const SHOWN: usize = 20;

/// Runs a step. Anything but success is an error with the last lines of its output.
pub(super) fn run(sandbox: &Sandbox, step: BuildProgram<'_>) -> Result<(), BuildError> {
    let program = Program {
        path: step.program.to_owned(),
        arguments: step.arguments,
        environment: step.variables,
        folder: step.folder.to_owned(),
    };
    let outcome = sandbox.run(&program, step.log)?;
    if outcome.status.is_success() {
        return Ok(());
    }
    let reason = match outcome.status {
        Status::Exited(code) => format!("ended with status {code}"),
        Status::Signalled(signal) => format!("was ended by signal {signal}"),
        Status::Stopped(Stop::Time) => format!("took longer than {} s", sandbox.limits.time.as_secs()),
        Status::Stopped(Stop::Disk) => "wrote more to the disk than a build may".to_owned(),
    };
    let log = step.log.display();
    let module = || {
        let package = missing_module(&outcome.last_lines)?;
        Some(format!(
            "its build does not ask for what it imports: `{{ requires \"{package}\"; }}` behind its `allow` line under `builds` does"
        ))
    };
    let hint = match missing(&outcome.last_lines).map(|missing| missing.to_string()).or_else(module) {
        Some(hint) => format!("{hint}. The whole log: `{log}`"),
        None => format!("the whole log: `{log}`"),
    };
    let first = outcome.last_lines.len().saturating_sub(SHOWN);
    Err(BuildError::Failed(Box::new(FailedStep {
        package: step.package.to_owned(),
        step: step.what.to_owned(),
        reason,
        last_lines: outcome.last_lines[first..].to_vec(),
        hint,
        log: step.log.to_owned(),
    })))
}
