//! A line of a log: `{"time":"2026-11-26T09:30:00.123Z","level":"info",…}`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LogError;

/// The most bytes of a line, its line break included.
pub(super) const LONGEST: usize = 64 << 10;

/// What each line begins with.
const START: &[u8] = b"{\"time\":\"";

/// The length of a time: `2026-11-26T09:30:00.123Z`.
const TIME: usize = 24;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Details, for whoever looks for a fault.
    Debug,
    /// What happens.
    Info,
    /// What somebody should look at.
    Warning,
    /// What failed.
    Error,
}

impl LogLevel {
    /// Returns the lowest level that is noted for an environment: everything in development, errors in production.
    pub fn of_environment(name: &str) -> Self {
        match name {
            "development" => Self::Debug,
            "production" => Self::Error,
            _ => Self::Info,
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Returns a time as lines have it.
pub fn timestamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Returns a line with its line break.
pub(super) fn text(level: LogLevel, time: Timestamp, body: &impl Serialize) -> Result<Vec<u8>, LogError> {
    let body = serde_json::to_vec(body).map_err(|error| LogError::NoObject(error.to_string()))?;
    let Some(members) = body.strip_prefix(b"{") else {
        return Err(LogError::NoObject("it is not an object".to_owned()));
    };
    let mut line = format!("{{\"time\":\"{}\",\"level\":\"{level}\"", timestamp(time)).into_bytes();
    if members != b"}" {
        line.push(b',');
    }
    line.extend_from_slice(members);
    line.push(b'\n');
    match line.len() {
        length if length > LONGEST => Err(LogError::TooLong { length, limit: LONGEST }),
        _ => Ok(line),
    }
}

/// Returns the time of a line, or of its beginning. `None` if it is not a line of a log.
pub(super) fn time_of(line: &[u8]) -> Option<Timestamp> {
    let time = line.strip_prefix(START)?.get(..TIME)?;
    std::str::from_utf8(time).ok()?.parse().ok()
}
