//! `larder lock`

use crate::cli::args::Lock;
use crate::cli::difference;
use crate::ops::lock::{Kept, Locked};
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output};

/// So many packages that moved are told one by one.
const TOLD: usize = 20;

pub(in crate::cli) fn run(arguments: &Lock, session: &Session<'_>, output: &Output) -> Outcome {
    if !arguments.prefer.is_empty() {
        let (locked, kept) = ops::lock::lock_preferring(session, &arguments.prefer)?;
        output.document_of(|| locked.summary());
        tell_locked(&locked, output);
        tell_kept(&kept, output);
        return DONE;
    }
    let locked = if arguments.check { ops::lock::check(session)? } else { ops::lock::lock(session)? };
    tell(&locked, output);
    DONE
}

/// Tells what became of the lock.
pub(super) fn tell(locked: &Locked, output: &Output) {
    output.document_of(|| locked.summary());
    if locked.changed {
        difference::tell(&locked.difference, output);
    }
    tell_locked(locked, output);
}

/// Tells how many packages are locked, and what is to be known of them.
pub(super) fn tell_locked(locked: &Locked, output: &Output) {
    for warning in locked.warnings() {
        output.say(format!("warning: {warning}"));
    }
    let packages = match locked.lockfile.graph.packages.len() {
        1 => "1 package".to_owned(),
        count => format!("{count} packages"),
    };
    if locked.changed {
        output.say(format!("Locked {packages} in larder.lock"));
    } else {
        output.say(format!("larder.lock is up to date, {packages}"));
    }
}

/// Tells which packages have other versions than other tools chose.
pub(super) fn tell_kept(kept: &Kept, output: &Output) {
    output.say(format!("{} of {} packages have the versions that they had", kept.kept, kept.kept + kept.moved.len()));
    for moved in kept.moved.iter().take(TOLD) {
        let before =
            if moved.before.is_empty() { "new".to_owned() } else { format!("was {}", moved.before.join(", ")) };
        output.say(format!("~ {} {} ({before}): {}", moved.package, moved.now.join(", "), moved.why));
    }
    if kept.moved.len() > TOLD {
        output.say(format!("and {} more", kept.moved.len() - TOLD));
    }
}
