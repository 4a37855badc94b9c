//! `larder doctor`

use std::process::ExitCode;

use crate::ops::Context;
use crate::ops::doctor::{self, Period, TopicState};

use super::{CommandResult, Output};

pub(in crate::cli) fn run(context: &Context<'_>, output: &Output) -> CommandResult {
    let checkup = doctor::doctor(context)?;
    output.json(&checkup);
    for item in &checkup.items {
        let state = match item.state {
            TopicState::Wrong => "wrong",
            TopicState::Due => "due",
            TopicState::Well => "well",
        };
        let period = match item.period {
            Period::Now => "",
            Period::Daily => "daily",
            Period::Weekly => "weekly",
            Period::Monthly => "monthly",
        };
        let command = item.command.as_ref().map_or_else(String::new, |command| format!("  → {command}"));
        output.data_line(format!("{state:<6}{period:<8} {}{command}", item.message));
    }
    Ok(if checkup.is_wrong() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
