//! `larder run`

use std::process::ExitCode;

use crate::cli::args::RunArgs;
use crate::ops::Session;
use crate::ops::run::{Launch, Origin, run as launch};

use super::{CommandResult, Output};

pub(in crate::cli) fn run(arguments: &RunArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let lock_use = super::sync::lock_use(arguments.lock);
    let origin = if arguments.has_separator { Origin::Anywhere } else { Origin::Environment };
    let program = Launch { command: &arguments.command, origin };
    let status = launch(session, lock_use, program, |warning| output.message(format!("warning: {warning}")))?;
    Ok(ExitCode::from(status))
}
