//! `larder lock`

use crate::cli::args::LockArgs;
use crate::cli::difference;
use crate::diagnostic::counted;
use crate::ops::lock::{Kept, Locked};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

/// The most moved packages that are listed without `-v`.
const MAX_LISTED: usize = 20;

pub(in crate::cli) fn run(arguments: &LockArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if !arguments.prefer.is_empty() {
        let (locked, kept) = ops::lock::lock_preferring(session, &arguments.prefer)?;
        let locked = Locked { kept: Some(kept), ..locked };
        output.json_with(|| locked.summary());
        report_locked(&locked, output);
        locked.kept.iter().for_each(|kept| report_kept(kept, output));
        return DONE;
    }
    let locked = if arguments.check { ops::lock::check(session)? } else { ops::lock::lock(session)? };
    report(&locked, output);
    DONE
}

/// Reports the result of locking.
pub(super) fn report(locked: &Locked, output: &Output) {
    output.json_with(|| locked.summary());
    if locked.changed {
        difference::print(&locked.difference, output);
    }
    report_locked(locked, output);
    if let Some(kept) = &locked.kept {
        report_kept(kept, output);
    }
}

/// Returns the options with which a first lock begins with the versions of other tools' lockfiles.
pub(super) fn preferred(files: &[String]) -> String {
    files.iter().map(|file| format!("--prefer {file}")).collect::<Vec<_>>().join(" ")
}

/// Reports the warnings and the number of locked packages.
pub(super) fn report_locked(locked: &Locked, output: &Output) {
    for warning in locked.warnings() {
        output.message(format!("warning: {warning}"));
    }
    let packages = counted(locked.lockfile.graph.packages.len(), "package");
    if locked.changed {
        output.message(format!("Locked {packages} in larder.lock"));
    } else {
        output.message(format!("larder.lock is up to date, {packages}"));
    }
}

/// Reports the packages whose versions differ from those that other tools locked.
pub(super) fn report_kept(kept: &Kept, output: &Output) {
    let (new, moved): (Vec<_>, Vec<_>) = kept.moved.iter().partition(|moved| moved.before.is_empty());
    let had = kept.kept + moved.len();
    output.message(format!("{} of {had} packages have the versions that they had", kept.kept));
    let most = if output.is_verbose() { usize::MAX } else { MAX_LISTED };
    for moved in moved.iter().take(most) {
        let (now, before) = (moved.now.join(", "), moved.before.join(", "));
        output.message(format!("~ {} {now} (was {before}): {}", moved.package, moved.why));
    }
    if let Some(rest) = moved.len().checked_sub(most).filter(|rest| *rest > 0) {
        output.message(format!("and {rest} more, which `-v` lists"));
    }
    if !new.is_empty() {
        let names = new.iter().take(most).map(|one| format!("{} {} ({})", one.package, one.now.join(", "), one.why));
        let rest = if new.len() > most { ", …" } else { "" };
        let names = names.collect::<Vec<_>>().join(", ");
        output.message(format!("New: {names}{rest}"));
    }
    if !kept.extended.is_empty() {
        output.message(format!(
            "Packages that have more than they declare, by the lockfile: {}. `extend` and `override` lines of larder.kdl let them have it",
            kept.extended.join(", ")
        ));
    }
    if !kept.unsaid.is_empty() {
        output.message(format!(
            "Left out what these have beyond what they declare, by the lockfile: {}. An `extend` line is for every version of a \
             package, required, and of what its registry has: write one where that is meant",
            kept.unsaid.join(", ")
        ));
    }
    if !kept.unbuilt.is_empty() {
        let names = kept.unbuilt.join(" ");
        output.message(format!(
            "Only there as source, and not taken: {}. `larder builds allow {names}` lets them be built, in a sandbox; then \
             `larder lock --prefer FILE` with the lockfile of before keeps their versions, and those of what needs them",
            kept.unbuilt.join(", ")
        ));
    }
}
