//! `larder builds`

use crate::cli::args::{BuildsArgs, BuildsCommand};
use crate::ops::{Context, Session, builds};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &BuildsArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    match &arguments.command {
        None => list(context, output),
        Some(BuildsCommand::Allow { packages }) => allow(packages, context, output),
    }
}

fn list(context: &Context<'_>, output: &Output) -> CommandResult {
    let wanted = builds::list(&Session::new(context))?;
    output.json(&wanted);
    for one in &wanted.builds {
        let allowed = if one.allowed { "allowed" } else { "not allowed" };
        output.data_line(format!("{}:{} {}  {allowed}: {}", one.ecosystem, one.name, one.version, one.reason));
        for script in one.scripts.iter().flatten() {
            let files =
                if script.files.is_empty() { String::new() } else { format!("  ({})", script.files.join(", ")) };
            output.data_line(format!("    {}: {}{files}", script.event, script.text.escape_debug()));
        }
    }
    if wanted.builds.is_empty() {
        output.message("Nothing has to be built");
    }
    DONE
}

fn allow(packages: &[String], context: &Context<'_>, output: &Output) -> CommandResult {
    let allowed = builds::allow(context, packages)?;
    output.json(&allowed.iter().map(ToString::to_string).collect::<Vec<_>>());
    for package in &allowed {
        output.message(format!("{package} may be built now, in a sandbox: `larder sync` builds it"));
    }
    if allowed.is_empty() {
        output.message("Nothing to do: larder.kdl allows that already");
    }
    DONE
}
