//! `larder verify`

use crate::cli::args::Verify;
use crate::ops::Context;
use crate::ops::verify::{Verified, verify, verify_all};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Verify, context: &Context<'_>, output: &Output) -> Outcome {
    if arguments.all {
        let all = verify_all(context)?;
        output.document(&all);
        all.environments.iter().for_each(|verified| tell(verified, output));
    } else {
        let verified = verify(context)?;
        output.document(&verified);
        tell(&verified, output);
    }
    DONE
}

fn tell(verified: &Verified, output: &Output) {
    let Verified { environment, generation, packages } = verified;
    output.say(format!("{environment} is whole: {packages} packages, generation {generation}"));
}
