//! `larder lock`

use crate::cli::args::Lock;
use crate::cli::difference;
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Lock, session: &Session<'_>, output: &Output) -> Outcome {
    let locked = if arguments.check { ops::lock::check(session)? } else { ops::lock::lock(session)? };
    tell(&locked, output);
    DONE
}

/// Tells what became of the lock.
pub(super) fn tell(locked: &ops::lock::Locked, output: &Output) {
    output.document_of(|| locked.summary());
    for warning in locked.warnings() {
        output.say(format!("warning: {warning}"));
    }
    let packages = match locked.lockfile.graph.packages.len() {
        1 => "1 package".to_owned(),
        count => format!("{count} packages"),
    };
    if locked.changed {
        difference::tell(&locked.difference, output);
        output.say(format!("Locked {packages} in larder.lock"));
    } else {
        output.say(format!("larder.lock is up to date, {packages}"));
    }
}
