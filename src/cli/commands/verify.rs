//! `larder verify`

use crate::cli::args::VerifyArgs;
use crate::diagnostic::counted;
use crate::ops::Context;
use crate::ops::verify::{Verified, verify, verify_all};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &VerifyArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    if arguments.all {
        let all = verify_all(context)?;
        output.json(&all);
        all.environments.iter().for_each(|verified| report(verified, output));
    } else {
        let verified = verify(context)?;
        output.json(&verified);
        report(&verified, output);
    }
    DONE
}

fn report(verified: &Verified, output: &Output) {
    let Verified { environment, generation, packages } = verified;
    output.message(format!("{environment} is whole: {}, generation {generation}", counted(*packages, "package")));
}
