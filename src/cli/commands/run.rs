//! `larder run`

use std::process::ExitCode;

use crate::cli::args::Run;
use crate::ops::Session;
use crate::ops::run::{Launch, Origin, run as launch};

use super::{Outcome, Output};

pub(in crate::cli) fn run(arguments: &Run, session: &Session<'_>, output: &Output) -> Outcome {
    let lock_use = super::sync::lock_use(arguments.freshness);
    let origin = if arguments.passes_through { Origin::Anywhere } else { Origin::Environment };
    let program = Launch { command: &arguments.command, origin };
    let status = launch(session, lock_use, program, |warning| output.say(format!("warning: {warning}")))?;
    Ok(ExitCode::from(status))
}
