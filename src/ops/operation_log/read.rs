//! `larder log`

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::logs::{LogLevel, LogName, LogQuery, Logs};
use crate::ops::{Context, Result, project};

/// What is asked of a log.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Which log.
    pub log: LogName,
    /// Since when.
    pub since: Option<Since>,
    /// At most so many lines, the newest.
    pub newest: usize,
}

/// Since when lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// For so long.
    Ago(Duration),
    /// From an instant on.
    Time(Timestamp),
}

/// `larder log --json`: see `schema/log.json`.
#[derive(Debug, Serialize)]
pub struct LogDocument {
    /// The log.
    pub log: &'static str,
    /// The lines, from the oldest on, as they were written.
    pub entries: Vec<Value>,
    /// Whether there are older ones in the asked range.
    pub has_older: bool,
    /// How many lines are damaged.
    pub damaged: usize,
}

/// Reads a log of the project; outside of one, of what the user did outside of projects.
pub fn read(context: &Context<'_>, options: LogOptions) -> Result<LogDocument> {
    let logs = match project::find_root(context) {
        Ok(root) => Logs::of_project(&root, LogLevel::Debug),
        Err(_) => Logs::of_user(&context.state, LogLevel::Debug),
    };
    let since = options.since.map(|since| match since {
        Since::Time(time) => time,
        Since::Ago(age) => {
            let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
            Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN)
        }
    });
    let found = logs.read(options.log, &LogQuery { since, newest: options.newest })?;
    let mut damaged = found.damaged;
    let mut entries = Vec::with_capacity(found.lines.len());
    for line in &found.lines {
        match serde_json::from_str(line) {
            Ok(entry) => entries.push(entry),
            Err(_) => damaged += 1,
        }
    }
    Ok(LogDocument { log: options.log.as_str(), entries, has_older: found.has_older, damaged })
}
