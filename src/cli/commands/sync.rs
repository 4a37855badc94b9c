//! `larder sync` and `larder ci`

use crate::cli::args::{BuildArgs, CiArgs, LockUseArgs, SyncArgs};
use crate::cli::difference;
use crate::ops::lock::{Absent, Changes, LockUse};
use crate::ops::sync::{AfterRollback, HookUse, Mode, SyncOptions, Synced};
use crate::ops::{self, Activation, BytecodeUse, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &SyncArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let after = if arguments.forward { AfterRollback::Forward } else { AfterRollback::Stay };
    let mode = match (arguments.dry_run, arguments.repair) {
        (true, _) => Mode::DryRun,
        (false, true) => Mode::Repair(after),
        (false, false) => Mode::Build(after),
    };
    let options = SyncOptions { mode, lock: lock_use(arguments.lock), ..build_options(arguments.build) };
    report(&ops::sync::sync(session, options)?, output);
    DONE
}

pub(in crate::cli) fn ci(arguments: &CiArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let options = SyncOptions { lock: LockUse::Locked, ..build_options(arguments.build) };
    report(&ops::sync::sync(session, options)?, output);
    DONE
}

/// Returns the options of a sync for these arguments.
fn build_options(build: BuildArgs) -> SyncOptions {
    SyncOptions {
        activation: if build.no_activate { Activation::Leave } else { Activation::Activate },
        hooks: if build.hooks { HookUse::Demanded } else { HookUse::Allowed },
        bytecode: if build.compile { BytecodeUse::Precompiled } else { BytecodeUse::AsDeclared },
        ..SyncOptions::default()
    }
}

/// Returns how the lock is used with these arguments.
pub(super) fn lock_use(lock: LockUseArgs) -> LockUse {
    match lock {
        LockUseArgs { frozen: true, members_present: true, .. } => LockUse::Frozen(Absent::LeftOut),
        LockUseArgs { frozen: true, .. } => LockUse::Frozen(Absent::Refused),
        LockUseArgs { locked: true, .. } => LockUse::Locked,
        LockUseArgs { .. } => LockUse::Update,
    }
}

/// Reports an edit of the manifest, and syncs unless `no_sync` is set.
pub(super) fn sync_after_edit(
    changes: &Changes,
    no_sync: bool,
    session: &Session<'_>,
    output: &Output,
) -> Result<(), ops::Error> {
    for line in &changes.lines {
        output.message(line);
    }
    if no_sync {
        super::lock::report(&changes.locked, output);
    } else {
        let told: Vec<String> = changes.locked.warnings().collect();
        for warning in &told {
            output.message(format!("warning: {warning}"));
        }
        report_beyond(&told, &ops::sync::sync(session, SyncOptions::default())?, output);
    }
    Ok(())
}

/// Reports the result of a sync or a promotion.
pub(super) fn report(synced: &Synced, output: &Output) {
    report_beyond(&[], synced, output);
}

/// Reports the result of a sync, but for warnings that were told already.
fn report_beyond(told: &[String], synced: &Synced, output: &Output) {
    output.json(&synced.summary());
    for warning in synced.warnings.iter().filter(|warning| !told.contains(warning)) {
        output.message(format!("warning: {warning}"));
    }
    if let Some(kept) = &synced.kept {
        super::lock::report_kept(kept, output);
    }
    difference::print(&synced.difference, output);
    let environment = &synced.environment;
    output.message(match (synced.generation, synced.built) {
        (None, _) if synced.difference.is_empty() => format!("{environment} would stay as it is"),
        (None, _) => format!("Would build {environment}: {}", difference::counts(&synced.difference)),
        (Some(_), false) => format!("{environment} is up to date"),
        (Some(number), true) => {
            format!("{environment} is at generation {number}: {}", difference::counts(&synced.difference))
        }
    });
    for note in &synced.notes {
        output.message(format!("note: {note}"));
    }
    output.detail(format!("{} artifacts fetched, {} bytes", synced.fetched, synced.bytes));
}
