//! `larder remove`

use crate::cli::args::RemoveArgs;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &RemoveArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let changes = ops::remove::remove(session, &arguments.packages, arguments.group.as_deref())?;
    super::sync::sync_after_edit(&changes, arguments.no_sync, session, output)?;
    DONE
}
