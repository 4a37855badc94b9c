//! `larder check`

use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(context: &Context<'_>, output: &Output) -> Outcome {
    let checked = ops::check::check(context)?;
    output.document(&checked);
    let environments = checked.environments.join(", ");
    output.say(format!("The manifest is right, the lock is fresh, and no policy is broken in {environments}"));
    DONE
}
