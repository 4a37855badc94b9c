//! `larder hooks`

use crate::cli::args::{HooksArgs, HooksCommand};
use crate::ops::{Context, automation};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &HooksArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let HooksCommand::Install = arguments.command;
    let installed = automation::hooks::install(context)?;
    output.json(&installed);
    output.message(installed.hook.line());
    if let Some(before) = &installed.before {
        output.message(format!("It runs {} first", before.display()));
    }
    DONE
}
