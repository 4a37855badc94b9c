//! `larder hooks`

use crate::cli::args::{HooksArgs, HooksCommand};
use crate::ops::{Context, automation, sync_hooks};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &HooksArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    match arguments.command {
        HooksCommand::Install => install(context, output),
        HooksCommand::Allow => allow(context, output),
    }
}

fn install(context: &Context<'_>, output: &Output) -> CommandResult {
    let installed = automation::hooks::install(context)?;
    output.json(&installed);
    output.message(installed.hook.line());
    if let Some(before) = &installed.before {
        output.message(format!("It runs {} first", before.display()));
    }
    DONE
}

fn allow(context: &Context<'_>, output: &Output) -> CommandResult {
    let allowed = sync_hooks::allow(context)?;
    output.json(&allowed);
    for hook in &allowed.hooks {
        let done = if hook.was_allowed { "Was allowed before" } else { "Allowed" };
        output.message(format!("{done}: {} {}, as it is now ({})", hook.time, hook.command, &hook.digest[..12]));
    }
    if allowed.hooks.is_empty() {
        output.message("larder.kdl declares no hooks");
    }
    DONE
}
