//! `larder init`

use crate::cli::args::InitArgs;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output, lock};

pub(in crate::cli) fn run(arguments: &InitArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let done = ops::init::init(session.context(), arguments.name.as_deref())?;
    output.json(&done);
    output.message(format!("Wrote {}", done.manifest.display()));
    for source in &done.taken_from {
        output.message(format!("Imported {source}"));
    }
    if !done.members.is_empty() {
        output.message(format!("Members: {}", done.members.join(", ")));
    }
    for left in &done.not_taken {
        output.message(format!("Left out {}: {}", left.what, left.why));
    }
    if !arguments.no_lock && !done.locked_by.is_empty() {
        let (locked, kept) = ops::init::lock(session, &done)?;
        output.message(format!("Kept the versions of {}", done.locked_by.join(", ")));
        lock::report_locked(&locked, output);
        lock::report_kept(&kept, output);
    }
    DONE
}
