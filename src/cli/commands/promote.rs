//! `larder promote`

use crate::cli::args::PromoteArgs;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &PromoteArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    super::sync::report(&ops::promote::promote(session, &arguments.from, &arguments.to)?, output);
    DONE
}
