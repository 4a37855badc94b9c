//! `larder update`

use crate::cli::args::Update;
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Update, session: &Session<'_>, output: &Output) -> Outcome {
    let locked = ops::update::update(session, &arguments.packages)?;
    super::lock::tell(&locked, output);
    DONE
}
