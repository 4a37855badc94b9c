//! `larder run`

use std::process::ExitCode;

use crate::cli::args::RunArgs;
use crate::ops::Session;
use crate::ops::run::{self, Launch, ListedTask, Pace, ProgramSearch, Recursion, Recursive};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &RunArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if arguments.command.is_empty() {
        return list(arguments, session, output);
    }
    let lock_use = super::sync::lock_use(arguments.lock);
    let origin = if arguments.has_separator { ProgramSearch::Anywhere } else { ProgramSearch::Environment };
    let launch = Launch { command: &arguments.command, origin };
    let warn = |warning: &str| output.message(format!("warning: {warning}"));
    if !arguments.recursive {
        return Ok(ExitCode::from(run::run(session, lock_use, launch, warn)?));
    }
    let pace = if arguments.parallel { Pace::AllAtOnce } else { Pace::InOrder };
    let recursion =
        Recursion::prepare(session, lock_use, launch, Recursive { filters: &arguments.filter, pace }, warn)?;
    let width = recursion.folders().map(|folder| folder.chars().count()).max().unwrap_or(0);
    let show = |folder: &str, stream, line: &[u8]| output.child_line(&format!("{folder:width$} | "), stream, line);
    Ok(ExitCode::from(recursion.run(show, warn)?))
}

/// Lists what there is to run.
fn list(arguments: &RunArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let context = session.context();
    let listed = if arguments.recursive { run::list_members(context)? } else { run::list(context)? };
    output.json_with(|| serde_json::json!({ "commands": listed }));
    if listed.is_empty() {
        output.message("there are no tasks and no scripts: `tasks { dev \"vite\"; }` in larder.kdl adds one");
    }
    let label = |one: &ListedTask| {
        if one.folder.is_empty() { one.name.clone() } else { format!("{} ({})", one.name, one.folder) }
    };
    let width = listed.iter().map(|one| label(one).chars().count()).max().unwrap_or(0);
    for one in &listed {
        output.data_line(format!("{:width$}  {}", label(one), one.command));
    }
    DONE
}
