//! `larder check`

use crate::cli::args::CheckArgs;
use crate::ops::check::ComparedWith;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &CheckArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let with = if arguments.online { ComparedWith::Registries } else { ComparedWith::Manifest };
    let checked = ops::check::check(session, with)?;
    if arguments.sarif {
        output.json_always(&checked.sarif());
    }
    if let Some(refusal) = checked.refusal() {
        return Err(refusal);
    }
    output.json_with(|| checked.summary());
    for finding in &checked.findings {
        output.message(format!("warning: {}", finding.finding.message));
    }
    for package in &checked.own_packages {
        output.message(format!("{package} can be published, as far as no registry has to be asked"));
    }
    if checked.environments.is_empty() {
        return DONE;
    }
    let environments = checked.environments.join(", ");
    output.message(format!("The manifest is valid, the lock is fresh, and no policy is violated in {environments}"));
    if arguments.online {
        output.message(format!("All {} packages match the metadata of their registries", checked.packages));
    }
    DONE
}
