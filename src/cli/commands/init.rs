//! `larder init`

use crate::cli::args::Init;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Init, context: &Context<'_>, output: &Output) -> Outcome {
    let done = ops::init::init(context, arguments.name.as_deref())?;
    output.document(&done);
    output.say(format!("Wrote {}", done.manifest.display()));
    for source in &done.taken_from {
        output.say(format!("Took the dependencies of {source}"));
    }
    for left in &done.not_taken {
        output.say(format!("Left out {}: {}", left.what, left.why));
    }
    DONE
}
