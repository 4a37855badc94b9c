//! `larder fetch`

use crate::cli::args::FetchArgs;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &FetchArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let filled = ops::fetch::fetch(session, super::sync::lock_use(arguments.lock))?;
    output.json(&filled);
    for warning in &filled.warnings {
        output.message(format!("warning: {warning}"));
    }
    let environments = filled.environments.join(", ");
    output.message(match (filled.packages, filled.fetched) {
        (packages, 0) => format!("The store has all {packages} packages of {environments}"),
        (packages, fetched) => format!("Fetched {fetched} of the {packages} packages of {environments}"),
    });
    DONE
}
