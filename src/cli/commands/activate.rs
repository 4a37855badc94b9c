//! `larder use`

use crate::cli::args::Use;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Use, context: &Context<'_>, output: &Output) -> Outcome {
    super::rollback::tell(&ops::activate::activate(context, &arguments.environment)?, output);
    DONE
}
