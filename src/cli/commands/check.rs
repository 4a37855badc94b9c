//! `larder check`

use crate::cli::args::Check;
use crate::ops::check::ComparedWith;
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Check, session: &Session<'_>, output: &Output) -> Outcome {
    let with = if arguments.online { ComparedWith::Registries } else { ComparedWith::Manifest };
    let checked = ops::check::check(session, with)?;
    if arguments.sarif {
        output.print_document(&checked.sarif());
    }
    if let Some(refusal) = checked.refusal() {
        return Err(refusal);
    }
    output.document_of(|| checked.summary());
    for finding in &checked.findings {
        output.say(format!("warning: {}", finding.finding.message));
    }
    let environments = checked.environments.join(", ");
    output.say(format!("The manifest is right, the lock is fresh, and no policy is broken in {environments}"));
    if arguments.online {
        output
            .say(format!("Every edge, fact and digest of {} packages is what their registries say", checked.packages));
    }
    DONE
}
