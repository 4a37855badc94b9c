//! `larder sync` and `larder ci`

use std::fmt::Write;

use crate::cli::args::{Building, Ci, Freshness, Sync};
use crate::ops::lock::{Absent, Changes, LockUse};
use crate::ops::sync::{AfterRollback, Mode, Options, Synced};
use crate::ops::{self, Activation, BytecodeUse, Session};
use crate::plan::Plan;

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
    tell_plan(&synced.plan, output);
    let environment = &synced.environment;
    output.say(match (synced.generation, synced.built) {
        (None, _) if synced.plan.is_empty() => format!("{environment} would stay as it is"),
        (None, _) => format!("Would build {environment}: {}", counts(&synced.plan)),
        (Some(_), false) => format!("{environment} is up to date"),
        (Some(number), true) => format!("{environment} is at generation {number}: {}", counts(&synced.plan)),
    });
    for note in &synced.notes {
        output.say(format!("note: {note}"));
    }
    output.say_more(format!("{} artifacts fetched, {} bytes", synced.fetched, synced.bytes));
}

/// Tells a plan on one screen.
pub(super) fn tell_plan(plan: &Plan, output: &Output) {
    let lines: Vec<_> = plan.lines().collect();
    for line in lines.iter().take(SCREEN) {
        output.say(line);
    }
    if lines.len() > SCREEN {
        output.say(format!("… and {} more", lines.len() - SCREEN));
    }
}

/// Lines of a plan that are shown before the rest is only counted.
const SCREEN: usize = 20;

fn counts(plan: &Plan) -> String {
    let mut text = String::new();
    for (count, what) in [
        (plan.added.len(), "added"),
        (plan.changed.len(), "changed"),
        (plan.removed.len(), "removed"),
        (plan.kept, "kept"),
    ] {
        if count > 0 {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{count} {what}");
        }
    }
    if text.is_empty() { "no packages".to_owned() } else { text }
}
