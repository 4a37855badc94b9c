//! `larder import`

use crate::cli::args::ImportArgs;
use crate::ops::init::{Guards, NotTaken};
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
    report_not_taken(&taken.left, output);
    DONE
}

/// Says what was not taken over, by the reason, in the order in which the reasons came up.
pub(super) fn report_not_taken(not_taken: &[NotTaken], output: &Output) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for part in not_taken {
        match reasons.iter_mut().find(|(why, _)| *why == part.why) {
            Some((_, parts)) => parts.push(&part.what),
            None => reasons.push((&part.why, vec![&part.what])),
        }
    }
    for (why, parts) in reasons {
        output.message(format!("Left out {}: {why}", parts.join(", ")));
    }
}
