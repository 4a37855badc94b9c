//! `larder update`

use crate::cli::args::UpdateArgs;
use crate::ops::update::Moved;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &UpdateArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let moved = match (arguments.builds, arguments.runtimes) {
        (true, _) => Moved::BuildTools,
        (_, true) => Moved::Runtimes,
        _ => Moved::Packages,
    };
    let locked = ops::update::update(session, &arguments.packages, moved)?;
    super::lock::report(&locked, output);
    DONE
}
