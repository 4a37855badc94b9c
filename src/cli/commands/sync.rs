//! `larder sync` and `larder ci`

use crate::cli::args::{Building, Ci, Freshness, Sync};
use crate::cli::difference;
use crate::ops::lock::{Absent, Changes, LockUse};
use crate::ops::sync::{AfterRollback, Mode, Options, Synced};
use crate::ops::{self, Activation, BytecodeUse, Session};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Sync, session: &Session<'_>, output: &Output) -> Outcome {
    let after = if arguments.forward { AfterRollback::Forward } else { AfterRollback::Stay };
    let mode = match (arguments.dry_run, arguments.repair) {
        (true, _) => Mode::DryRun,
        (false, true) => Mode::Repair(after),
        (false, false) => Mode::Build(after),
    };
    let options = Options { mode, lock: lock_use(arguments.freshness), ..built_as(arguments.building) };
    tell(&ops::sync::sync(session, options)?, output);
    DONE
}

pub(in crate::cli) fn ci(arguments: &Ci, session: &Session<'_>, output: &Output) -> Outcome {
    let options = Options { lock: LockUse::Locked, ..built_as(arguments.building) };
    tell(&ops::sync::sync(session, options)?, output);
    DONE
}

/// Returns how the switches say to build the environment.
fn built_as(building: Building) -> Options {
    Options {
        activation: if building.no_activate { Activation::Leave } else { Activation::Activate },
        bytecode: if building.compile { BytecodeUse::Precompiled } else { BytecodeUse::AsDeclared },
        ..Options::default()
    }
}

/// Returns how the switches say to treat the lock.
pub(super) fn lock_use(freshness: Freshness) -> LockUse {
    match freshness {
        Freshness { frozen: true, members_present: true, .. } => LockUse::Frozen(Absent::LeftOut),
        Freshness { frozen: true, .. } => LockUse::Frozen(Absent::Refused),
        Freshness { locked: true, .. } => LockUse::Locked,
        Freshness { .. } => LockUse::Update,
    }
}

/// Syncs after the manifest was edited, unless that is not wanted, and tells both.
pub(super) fn after_edit(
    changes: &Changes,
    no_sync: bool,
    session: &Session<'_>,
    output: &Output,
) -> Result<(), ops::Error> {
    for line in &changes.lines {
        output.say(line);
    }
    if no_sync {
        super::lock::tell(&changes.locked, output);
    } else {
        for warning in changes.locked.warnings() {
            output.say(format!("warning: {warning}"));
        }
        tell(&ops::sync::sync(session, Options::default())?, output);
    }
    Ok(())
}

/// Tells what a sync or a promotion came to, on one screen.
pub(super) fn tell(synced: &Synced, output: &Output) {
    output.document(&synced.summary());
    for warning in &synced.warnings {
        output.say(format!("warning: {warning}"));
    }
    difference::tell(&synced.difference, output);
    let environment = &synced.environment;
    output.say(match (synced.generation, synced.built) {
        (None, _) if synced.difference.is_empty() => format!("{environment} would stay as it is"),
        (None, _) => format!("Would build {environment}: {}", difference::counts(&synced.difference)),
        (Some(_), false) => format!("{environment} is up to date"),
        (Some(number), true) => {
            format!("{environment} is at generation {number}: {}", difference::counts(&synced.difference))
        }
    });
    for note in &synced.notes {
        output.say(format!("note: {note}"));
    }
    output.say_more(format!("{} artifacts fetched, {} bytes", synced.fetched, synced.bytes));
}
