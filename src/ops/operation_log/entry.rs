//! A line of the log of operations.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::observed::{ObservedChanges, Transition};
use crate::diagnostic::redact_passwords;
use crate::ops::{Context, Error};

/// The most subjects that a line names.
const MOST_SUBJECTS: usize = 100;

/// The most characters of a text that somebody else wrote.
const LONGEST_TEXT: usize = 500;

/// An operation, as it is logged.
#[derive(Debug, Serialize)]
pub(super) struct LogEntry {
    operation: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subjects: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    user: Option<String>,
    uid: u32,
    host: String,
    process: u32,
    larder: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<ValueChange<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<ValueChange<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    generations: BTreeMap<String, ValueChange<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<ValueChange<String>>,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorLine>,
    milliseconds: u64,
}

/// From what to what a value changed.
#[derive(Debug, Serialize)]
struct ValueChange<T> {
    from: Option<T>,
    to: Option<T>,
}

impl<T> ValueChange<T> {
    fn of<V>(transition: Transition<V>, shown: impl Fn(V) -> T) -> Self {
        Self { from: transition.from.map(&shown), to: transition.to.map(&shown) }
    }
}

/// Why an operation failed.
#[derive(Debug, Serialize)]
struct ErrorLine {
    code: String,
    message: String,
}

/// A warning during an operation.
#[derive(Debug, Serialize)]
pub(super) struct WarningLine<'a> {
    operation: &'a str,
    process: u32,
    warning: String,
}

impl<'a> WarningLine<'a> {
    pub(super) fn new(operation: &'a str, warning: &str) -> Self {
        Self { operation, process: std::process::id(), warning: bounded(warning) }
    }
}

impl LogEntry {
    pub(super) fn new(
        context: &Context<'_>,
        (operation, subjects, environment): (&'static str, &[String], Option<&str>),
        changes: ObservedChanges,
        error: Option<&Error>,
        took: Duration,
    ) -> Self {
        let user = ["USER", "LOGNAME"].iter().find_map(|name| context.variables.text(name));
        let digest = |digest: crate::model::TreeDigest| digest.to_string();
        let generations = changes.generations.into_iter();
        Self {
            operation,
            subjects: subjects.iter().take(MOST_SUBJECTS).map(|subject| bounded(subject)).collect(),
            environment: environment.map(bounded),
            user: user.map(|name| bounded(&name)),
            uid: rustix::process::getuid().as_raw(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            process: std::process::id(),
            larder: env!("CARGO_PKG_VERSION"),
            manifest: changes.manifest.map(|moved| ValueChange::of(moved, digest)),
            lock: changes.lock.map(|moved| ValueChange::of(moved, digest)),
            generations: generations.map(|(name, moved)| (name.to_string(), ValueChange::of(moved, |n| n))).collect(),
            active: changes.active.map(|moved| ValueChange::of(moved, |name| name.to_string())),
            result: if error.is_some() { "failed" } else { "done" },
            exit: error.map(|error| error.failure().exit().status()),
            error: error.map(|error| ErrorLine {
                code: error.failure().code().map(|code| code.to_string()).unwrap_or_default(),
                message: bounded(&error.in_short()),
            }),
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Returns whether the operation failed.
    pub(super) fn has_failed(&self) -> bool {
        self.exit.is_some()
    }
}

/// Returns a text without the passwords in its URLs, and not all of it if it is long.
fn bounded(text: &str) -> String {
    redact_passwords(text).chars().take(LONGEST_TEXT).collect()
}
