//! Running a command and writing its line.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;

use super::entry::{LogEntry, WarningLine};
use super::observed::Observed;
use crate::diagnostic::Exit;
use crate::logs::{LogError, LogLevel, LogName, Logs};
use crate::ops::{Context, Event, Result, project};
use crate::profile;

/// The most warnings of one command that are noted.
const MOST_WARNINGS: usize = 50;

/// A command that may change something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The words of the command: `sync`, `builds allow`.
    pub name: &'static str,
    /// What it is about: packages, registries, files.
    pub subjects: Vec<String>,
    /// The folder that it works on, if that is not the project that larder was started in.
    pub folder: Option<PathBuf>,
    /// When it is logged.
    pub trace: Trace,
}

impl Operation {
    /// Returns the environment that the words of the command name, as the one that is changed.
    fn target(&self) -> Option<&str> {
        match (self.name, &self.subjects[..]) {
            ("promote", [_, to]) | ("use", [to]) => Some(to),
            _ => None,
        }
    }
}

/// When an operation is logged. One that fails is logged always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// When it changed the manifest, the lock or an environment.
    Changes,
    /// Always, unless it tells that nothing had to be done: what it changes lies elsewhere.
    Always,
    /// The same, and in the security log too.
    Security,
}

/// What a command told while it worked.
#[derive(Debug, Default)]
struct CommandNotes {
    warnings: Vec<String>,
    /// What it turned out to be about.
    subjects: Vec<String>,
    /// Whether nothing had to be done.
    is_unchanged: bool,
}

impl CommandNotes {
    fn note(&mut self, event: &Event) {
        match event {
            Event::Warning(text) if self.warnings.len() < MOST_WARNINGS => self.warnings.push(text.clone()),
            Event::Concerns(subject) => self.subjects.push(subject.clone()),
            Event::Unchanged => self.is_unchanged = true,
            _ => {}
        }
    }
}

/// Runs a command and logs it. A log that cannot be written is a warning.
pub fn watched<T>(
    context: &Context<'_>,
    operation: &Operation,
    work: impl FnOnce(&Context<'_>) -> Result<T>,
) -> Result<T> {
    let find_root = || {
        operation.folder.as_ref().map(|folder| context.folder.join(folder)).or_else(|| project::find_root(context).ok())
    };
    let root = find_root();
    let named = || context.environment.iter().chain(&operation.subjects).map(String::as_str);
    let before = root.as_deref().map(|root| Observed::of(root, named()));
    let (started, told) = (Instant::now(), Mutex::new(CommandNotes::default()));
    let reporter = |event: Event| {
        told.lock().unwrap_or_else(PoisonError::into_inner).note(&event);
        (context.reporter)(event);
    };
    let outcome = work(&Context { reporter: &reporter, ..context.clone() });
    let changes = before.map(Observed::changes).unwrap_or_default();
    let CommandNotes { warnings, subjects, is_unchanged } = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    let is_damage = outcome.as_ref().is_err_and(|error| error.failure().exit() == Exit::Integrity);
    let only_changes = operation.trace == Trace::Changes && root.is_some();
    if outcome.is_ok() && changes.is_empty() && (only_changes || is_unchanged) {
        return outcome;
    }
    let subjects: Vec<String> = operation.subjects.iter().cloned().chain(subjects).collect();
    // `init` made a project of the folder.
    let root = root.or_else(find_root);
    // A command that failed leaves no log behind where there was nothing before.
    let is_new = |root: &PathBuf| !matches!(crate::fs::lstat(&profile::own_folder(root)), Ok(Some(_)));
    if outcome.is_err() && root.as_ref().is_none_or(is_new) {
        return outcome;
    }
    let environment = operation.target().or(context.environment.as_deref()).map(str::to_owned).or_else(|| {
        let active = root.as_deref().and_then(profile::active)?;
        Some(active.to_string())
    });
    let threshold = LogLevel::of_environment(environment.as_deref().unwrap_or("development"));
    let logs = match &root {
        Some(root) => Logs::of_project(root, threshold),
        None => Logs::of_user(&context.state, threshold),
    };
    let (error, took) = (outcome.as_ref().err(), started.elapsed());
    let entry = LogEntry::new(context, (operation.name, &subjects, environment.as_deref()), changes, error, took);
    let is_security = operation.trace == Trace::Security || is_damage;
    if let Err(error) = write(&logs, operation.name, &entry, &warnings, is_security) {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        (context.reporter)(Event::Warning(format!("the log of operations was not written: {error}{cause}")));
    }
    outcome
}

fn write(
    logs: &Logs,
    operation: &str,
    entry: &LogEntry,
    warnings: &[String],
    is_security: bool,
) -> std::result::Result<(), LogError> {
    let now = Timestamp::now();
    for warning in warnings {
        logs.note(LogName::Operations, LogLevel::Warning, now, &WarningLine::new(operation, warning))?;
    }
    let level = if entry.has_failed() { LogLevel::Error } else { LogLevel::Info };
    logs.record(LogName::Operations, level, now, entry)?;
    if is_security {
        logs.record(LogName::Security, level, now, entry)?;
    }
    Ok(())
}
