//! `larder login`

use crate::cli::args::LoginArgs;
use crate::ops::{self, Context};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &LoginArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let done = ops::login::allow(context, &arguments.allow, |pairs| {
        for pair in pairs {
            output.message(pair);
        }
        output.confirm("May these variables be sent to these hosts?")
    })?;
    output.json(&done);
    for pair in &done.allowed {
        output.message(format!("Allowed {pair}"));
    }
    if done.allowed.is_empty() {
        output.message("The project has no variables to allow");
    }
    DONE
}
