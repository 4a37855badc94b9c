//! `larder update`

use crate::cli::args::Update;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Update, context: &Context<'_>, output: &Output) -> Outcome {
    let locked = ops::update::update(context, &arguments.packages)?;
    super::lock::tell(&locked, output);
    DONE
}
