//! `larder check`

use crate::cli::args::Check;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Check, context: &Context<'_>, output: &Output) -> Outcome {
    let checked = ops::check::check(context)?;
    if arguments.sarif {
        output.print_document(&checked.sarif());
    }
    if let Some(refusal) = checked.refusal() {
        return Err(refusal);
    }
    output.document(&checked.summary());
    for finding in &checked.findings {
        output.say(format!("warning: {}", finding.finding.message));
    }
    let environments = checked.environments.join(", ");
    output.say(format!("The manifest is right, the lock is fresh, and no policy is broken in {environments}"));
    DONE
}
