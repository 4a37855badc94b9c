//! `larder import`

use crate::cli::args::ImportArgs;
use crate::ops::init::Guards;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ImportArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let request = ops::import::Request {
        file: &arguments.file,
        guards: if arguments.leave_out { Guards::LeftOut } else { Guards::Required },
        syncs: !arguments.no_sync,
    };
    let taken = ops::import::import(session, &request)?;
    super::sync::sync_after_edit(&taken.changes, arguments.no_sync, session, output)?;
    if taken.known > 0 {
        output.message(format!("There already: {}", taken.known));
    }
    for left in &taken.left {
        output.message(format!("Left out {}: {}", left.what, left.why));
    }
    DONE
}
