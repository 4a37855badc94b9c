//! What happened to a project: three logs of JSON lines that rotate, and are read by time.
//!
//! ```text
//! .larder/logs/
//! ├── operations.jsonl                                                  every operation that changed something
//! ├── security.jsonl                                                    consent, credentials, publications, damage
//! ├── monitoring.jsonl                                                  what the monitor saw
//! ├── operations-20261125T060000000Z-20261125T235959999Z.jsonl          a segment: the times of its first and last line
//! ├── operations-20261124T060000000Z-20261124T180000000Z.jsonl.gz       one that is older than a day
//! └── lock                                                              held while a line is written
//! ```
//!
//! The lines of one file are in the order of their times, which makes them quick to find: where the clock was set back, a new
//! file is begun. A line that a kill cut off is passed over by readers.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `line` | a line: its time, its level, its bounds |
//! | `segment` | the files of a log, by the times in their names |
//! | `append` | writing a line |
//! | `rotate` | beginning a file anew; compressing and removing old ones |
//! | `read` | the lines since a time |
//! | `error` | why a log cannot be written or read |

mod append;
mod error;
mod line;
mod read;
mod rotate;
mod segment;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

pub use error::LogError;
pub use line::{LogLevel, timestamp};
pub use read::{LogQuery, LogRead};

use crate::fs::{Dir, FsError};

/// The folder of the logs of a project.
const OF_PROJECT: &str = ".larder/logs";

/// One of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogName {
    /// Every operation that changed something, and those that failed.
    Operations,
    /// Consent, credentials, publications, and what did not have its digest.
    Security,
    /// What the monitor saw.
    Monitoring,
}

impl LogName {
    /// All logs.
    pub const ALL: [Self; 3] = [Self::Operations, Self::Security, Self::Monitoring];

    /// Returns the name of its file, without the ending.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operations => "operations",
            Self::Security => "security",
            Self::Monitoring => "monitoring",
        }
    }
}

/// The logs in one folder.
#[derive(Clone, Debug)]
pub struct Logs {
    /// The folder that is trusted: what lies below it is reached through no link.
    root: PathBuf,
    /// The folder of the logs, relative to `root`.
    below: PathBuf,
    /// The lowest level that is noted.
    threshold: LogLevel,
}

impl Logs {
    /// Returns the logs of the project in `root`. Nothing is opened or created.
    pub fn of_project(root: &Path, threshold: LogLevel) -> Self {
        Self { root: root.to_owned(), below: OF_PROJECT.into(), threshold }
    }

    /// Returns the logs of what a user does outside of projects, below the user's folder for state.
    pub fn of_user(state: &Path, threshold: LogLevel) -> Self {
        Self { root: state.to_owned(), below: "larder/logs".into(), threshold }
    }

    /// Writes a line, unless its level is below the threshold. `body` is something that serializes to an object.
    pub fn note(&self, log: LogName, level: LogLevel, now: Timestamp, body: &impl Serialize) -> Result<(), LogError> {
        if level < self.threshold { Ok(()) } else { self.record(log, level, now, body) }
    }

    /// Writes a line, whatever its level is.
    pub fn record(&self, log: LogName, level: LogLevel, now: Timestamp, body: &impl Serialize) -> Result<(), LogError> {
        let line = line::text(level, now, body)?;
        append::append(&self.create()?, log, now, &line)
    }

    /// Reads the newest lines since a time. A log that is not there has none.
    pub fn read(&self, log: LogName, query: &LogQuery) -> Result<LogRead, LogError> {
        match Dir::open_below(&self.root, &self.below) {
            Ok(Some(folder)) => read::read(&folder, log, query),
            Ok(None) => Ok(LogRead::default()),
            Err(error) if error.is_not_found() => Ok(LogRead::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns whether anything was ever logged here.
    pub fn is_there(&self) -> bool {
        matches!(Dir::open_below(&self.root, &self.below), Ok(Some(_)))
    }

    /// Opens the folder, and creates what is missing of it.
    fn create(&self) -> Result<Dir, FsError> {
        let mut folder = match Dir::open(&self.root) {
            Err(error) if error.is_not_found() => {
                crate::fs::create_dir_all(&self.root)?;
                Dir::open(&self.root)?
            }
            opened => opened?,
        };
        let mut created = false;
        for part in self.below.iter().filter_map(|part| part.to_str()) {
            folder = match folder.open_dir(part) {
                Err(error) if error.is_not_found() => {
                    created = true;
                    match folder.create_dir(part) {
                        Err(error) if error.is_occupied() => {}
                        made => made?,
                    }
                    folder.open_dir(part)?
                }
                opened => opened?,
            };
        }
        if created {
            // Logs are nothing to be committed, whatever is known of `.larder` there.
            match folder.write_file(".gitignore", 0o666, b"*\n") {
                Err(error) if error.is_occupied() => {}
                written => drop(written?),
            }
        }
        Ok(folder)
    }
}

#[cfg(test)]
mod tests;
