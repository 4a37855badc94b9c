//! `larder promote`

use crate::cli::args::Promote;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Promote, context: &Context<'_>, output: &Output) -> Outcome {
    super::sync::tell(&ops::promote::promote(context, &arguments.from, &arguments.to)?, output);
    DONE
}
