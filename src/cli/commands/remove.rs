//! `larder remove`

use crate::cli::args::Remove;
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Remove, session: &Session<'_>, output: &Output) -> Outcome {
    let changes = ops::remove::remove(session, &arguments.packages, arguments.group.as_deref())?;
    super::sync::after_edit(&changes, arguments.no_sync, session, output)?;
    DONE
}
