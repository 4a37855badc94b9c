//! `larder adopt`

use crate::cli::args::Adopt;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Adopt, context: &Context<'_>, output: &Output) -> Outcome {
    let adopted = ops::adopt::adopt(context, |paths| {
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        arguments.yes || output.confirm(&format!("Move {} aside?", names.join(", ")))
    })?;
    output.document(&adopted);
    for moved in &adopted.moved {
        output.say(format!("Moved {} to {}", moved.from.display(), moved.to.display()));
    }
    output.say(match adopted.moved.as_slice() {
        [] => "There is nothing that larder did not make",
        _ => "Nothing was deleted; `larder sync` builds the environment",
    });
    DONE
}
