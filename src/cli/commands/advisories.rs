//! `larder advisories`

use crate::cli::args::{AdvisoriesArgs, AdvisoriesCommand};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &AdvisoriesArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let sources = match arguments.command {
        AdvisoriesCommand::Update => ops::advisories::update(session)?,
        AdvisoriesCommand::Status => ops::advisories::status(session.context())?,
    };
    output.json(&sources);
    for source in &sources.sources {
        output.data_line(source.line());
    }
    DONE
}
