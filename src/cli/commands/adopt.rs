//! `larder adopt`

use crate::cli::args::AdoptArgs;
use crate::ops::{self, Context};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &AdoptArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let adopted = ops::adopt::adopt(context, |paths| {
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        arguments.yes || output.confirm(&format!("Move {} aside?", names.join(", ")))
    })?;
    output.json(&adopted);
    for moved in &adopted.moved {
        output.message(format!("Moved {} to {}", moved.from.display(), moved.to.display()));
    }
    output.message(match adopted.moved.as_slice() {
        [] => "There is nothing to adopt: larder made everything here",
        _ => "Nothing was deleted. Run `larder sync` to build the environment",
    });
    DONE
}
