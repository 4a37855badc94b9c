//! `larder run`

use std::process::ExitCode;

use crate::cli::args::Run;
use crate::ops::{self, Context};

use super::{Outcome, Output};

pub(in crate::cli) fn run(arguments: &Run, context: &Context<'_>, output: &Output) -> Outcome {
    let lock_use = super::sync::lock_use(arguments.freshness);
    let status =
        ops::run::run(context, lock_use, &arguments.command, |warning| output.say(format!("warning: {warning}")))?;
    Ok(ExitCode::from(status))
}
