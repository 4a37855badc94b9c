//! `larder use`

use crate::cli::args::UseArgs;
use crate::ops::{self, Context};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &UseArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    super::rollback::report(&ops::activate::activate(context, &arguments.environment)?, output);
    DONE
}
