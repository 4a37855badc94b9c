//! `larder login`

use crate::cli::args::Login;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Login, context: &Context<'_>, output: &Output) -> Outcome {
    let done = ops::login::allow(context, &arguments.allow, |pairs| {
        for pair in pairs {
            output.say(pair);
        }
        output.confirm("May these variables be sent to these hosts?")
    })?;
    output.document(&done);
    for pair in &done.allowed {
        output.say(format!("Allowed {pair}"));
    }
    if done.allowed.is_empty() {
        output.say("There is nothing to allow");
    }
    DONE
}
