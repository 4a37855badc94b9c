//! `larder health`

use std::process::ExitCode;

use crate::cli::args::{HealthArgs, HealthCommand};
use crate::diagnostic::counted;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &HealthArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let health = match arguments.command {
        None => ops::health::health(session)?,
        Some(HealthCommand::Check) => ops::health::check(session)?,
        Some(HealthCommand::Report) => {
            output.report(&ops::health::latest(session)?);
            return DONE;
        }
        Some(HealthCommand::Cleanup) => {
            let removed = ops::health::clean_up(session)?;
            output.json(&serde_json::json!({ "removed": removed }));
            output.message(format!("Removed {}, older than 30 days", counted(removed, "report")));
            return DONE;
        }
    };
    output.json(&health);
    for line in health.lines() {
        output.data_line(line);
    }
    match health.refusal(arguments.fail_below) {
        // The document has the score.
        Some(_) if output.is_json() => Ok(ExitCode::from(1)),
        Some(refusal) => Err(refusal.into()),
        None => DONE,
    }
}
