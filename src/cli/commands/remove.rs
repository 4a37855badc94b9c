//! `larder remove`

use crate::cli::args::Remove;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Remove, context: &Context<'_>, output: &Output) -> Outcome {
    let changes = ops::remove::remove(context, &arguments.packages, arguments.group.as_deref())?;
    super::sync::after_edit(&changes, arguments.no_sync, context, output)?;
    DONE
}
