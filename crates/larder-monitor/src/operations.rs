//! Reads the log of operations: which changes of environments failed.

use jiff::Timestamp;
use larder::logs::{LogError, LogName, LogQuery, Logs};
use serde::Deserialize;

use crate::engine::FailedOperation;

/// The commands that change an environment.
const DEPLOYMENTS: [&str; 8] = ["sync", "sync repair", "ci", "promote", "rollback", "use", "unbundle", "flow deploy"];

/// The most lines that are looked at.
const MOST_LINES: usize = 1000;

/// Returns the changes of an environment that failed since then, the oldest first. One of which nobody knows the environment counts.
///
/// # Errors
/// The log cannot be read.
pub fn failed_since(logs: &Logs, since: Timestamp, environment: &str) -> Result<Vec<FailedOperation>, LogError> {
    let read = logs.read(LogName::Operations, &LogQuery { since: Some(since), newest: MOST_LINES })?;
    Ok(read.lines.iter().filter_map(|line| failed(line, environment)).collect())
}

#[derive(Deserialize)]
struct OperationLine {
    time: Timestamp,
    operation: String,
    environment: Option<String>,
    result: Option<String>,
    error: Option<ErrorLine>,
}

#[derive(Deserialize)]
struct ErrorLine {
    message: String,
}

/// Returns the operation of a line, if it is a change of this environment that failed.
fn failed(line: &str, own: &str) -> Option<FailedOperation> {
    let OperationLine { time, operation, environment, result, error } = serde_json::from_str(line).ok()?;
    let is_own = environment.is_none_or(|environment| environment == own);
    let is_failure = is_own && result.as_deref() == Some("failed") && DEPLOYMENTS.contains(&&*operation);
    let message = error.map_or_else(|| "no reason is known".to_owned(), |error| error.message);
    is_failure.then_some(FailedOperation { time, operation, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_failed_deployment_is_told_from_others() {
        let line = |operation: &str, result: &str| {
            format!(
                "{{\"time\":\"2026-11-26T09:30:00.123Z\",\"level\":\"error\",\"operation\":\"{operation}\",\"result\":\"{result}\",\
                 \"error\":{{\"code\":\"c\",\"message\":\"m\"}}}}"
            )
        };
        assert_eq!(failed(&line("sync", "failed"), "production").map(|found| found.message).as_deref(), Some("m"));
        for other in [line("sync", "done"), line("add", "failed"), "{".to_owned(), "[]".to_owned()] {
            assert_eq!(failed(&other, "production"), None, "{other}");
        }
        let warning = "{\"time\":\"2026-11-26T09:30:00.123Z\",\"operation\":\"sync\",\"warning\":\"w\"}";
        assert_eq!(failed(warning, "production"), None);
        let of = |environment: &str| {
            let told = format!("\"operation\":\"sync\",\"environment\":\"{environment}\"");
            failed(&line("sync", "failed").replace("\"operation\":\"sync\"", &told), "production")
        };
        assert!(of("production").is_some() && of("development").is_none());
    }
}
