//! `larder verify`

use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(context: &Context<'_>, output: &Output) -> Outcome {
    let verified = ops::verify::verify(context)?;
    output.document(&verified);
    output.say(format!(
        "{} is whole: {} packages, generation {}",
        verified.environment, verified.packages, verified.generation
    ));
    DONE
}
