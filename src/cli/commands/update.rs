//! `larder update`

use crate::cli::args::UpdateArgs;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &UpdateArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let locked = ops::update::update(session, &arguments.packages)?;
    super::lock::report(&locked, output);
    DONE
}
