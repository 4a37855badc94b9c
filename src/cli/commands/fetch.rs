//! `larder fetch`

use crate::cli::args::Fetch;
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Fetch, session: &Session<'_>, output: &Output) -> Outcome {
    let filled = ops::fetch::fetch(session, super::sync::lock_use(arguments.freshness))?;
    output.document(&filled);
    for warning in &filled.warnings {
        output.say(format!("warning: {warning}"));
    }
    let environments = filled.environments.join(", ");
    output.say(match (filled.packages, filled.fetched) {
        (packages, 0) => format!("The store has all {packages} packages of {environments}"),
        (packages, fetched) => format!("Fetched {fetched} of the {packages} packages of {environments}"),
    });
    DONE
}
