//! `larder promote`

use crate::cli::args::Promote;
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Promote, session: &Session<'_>, output: &Output) -> Outcome {
    super::sync::tell(&ops::promote::promote(session, &arguments.from, &arguments.to)?, output);
    DONE
}
