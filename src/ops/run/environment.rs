//! The environment to run in, brought up to date.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Exit, Failure};
use crate::model::Label;
use crate::ops::generations::{self, state};
use crate::ops::install::Activation;
use crate::ops::lock::LockUse;
use crate::ops::operation_log::{Operation, Trace, watched};
use crate::ops::project::snapshot;
use crate::ops::sync::{self, SyncOptions, Synced};
use crate::ops::{Context, Project, Result, Session, generations::usage};
use crate::profile;
use crate::resolve::RequiredLine;

/// Returns the environment to run in, up to date. That is logged as an operation of its own, before anything runs in it.
pub(super) fn bring_up(session: &Session<'_>, root: &Path, lock_use: LockUse) -> Result<Synced> {
    let operation =
        Operation { name: "run", subjects: Vec::new(), folder: Some(root.to_owned()), trace: Trace::Changes };
    let synced = watched(session.context, &operation, |_| find(session, root.to_owned(), lock_use))?;
    usage::stamp(root, &synced.environment);
    Ok(synced)
}

fn find(session: &Session<'_>, root: PathBuf, lock_use: LockUse) -> Result<Synced> {
    let context = session.context;
    let options = SyncOptions { lock: lock_use, ..SyncOptions::default() };
    let active = state::active(&root);
    let wanted = context.environment.as_ref().or(active.as_ref());
    if wanted.is_none() || wanted == active.as_ref() {
        if let Some(bundled) = active.as_deref().map(|active| bundled(context, &root, active)).transpose()?.flatten() {
            return Ok(bundled);
        }
        return match active.as_deref().map(|active| rolled_back(context, &root, active)) {
            Some(Ok(Some(synced))) if lock_use != LockUse::Locked => Ok(synced),
            Some(Err(error)) => Err(error),
            _ => sync::sync(session, options),
        };
    }
    let project = Project::read_for(root, lock_use)?;
    let environment = project.environment(context)?;
    let refused = || NotActive { environment: environment.name.clone(), active: active.clone().unwrap_or_default() };
    if active.is_none() {
        return sync::sync(session, options);
    }
    let included = |group: &Option<Label>| group.as_ref().is_none_or(|group| environment.include.contains(group));
    let is_npm = |line: &RequiredLine| line.requirement.ecosystem().has_scopes();
    if project.lines.iter().any(|line| is_npm(line) && included(&line.group)) {
        return Err(refused().into());
    }
    let synced = match rolled_back(context, &project.root, environment.name.as_str())? {
        Some(synced) if lock_use != LockUse::Locked => synced,
        _ => sync::sync(session, SyncOptions { activation: Activation::Leave, ..options })?,
    };
    // Local packages may bring some.
    let head = profile::Profiles::open(&project.root)?.current_summary(&environment.name)?;
    if head.is_some_and(|head| head.has_npm_packages()) { Err(refused().into()) } else { Ok(synced) }
}

/// Returns the current generation where it came in a bundle: it is run as it is.
fn bundled(context: &Context<'_>, root: &Path, environment: &str) -> Result<Option<Synced>> {
    let Ok(name) = environment.parse::<Label>() else { return Ok(None) };
    let profile = profile::Profiles::open(root)?;
    // A record that cannot be read is no reason not to build a new one.
    let head = profile.current_summary(&name).ok().flatten().filter(profile::GenerationSummary::is_bundled);
    let Some(head) = head else { return Ok(None) };
    bring_here(context, &profile, &name, head.number)?;
    let folder = profile.folder(&name, head.number);
    Ok(Some(Synced::unchanged(environment.to_owned(), head.number, folder)))
}

/// Returns the current generation where it was gone back to.
fn rolled_back(context: &Context<'_>, root: &Path, environment: &str) -> Result<Option<Synced>> {
    let Ok(name) = environment.parse::<Label>() else { return Ok(None) };
    let profile = profile::Profiles::open(root)?;
    let Some(note) = profile.rollback(&name)? else { return Ok(None) };
    bring_here(context, &profile, &name, note.to)?;
    let warning = format!("{name} was rolled back to generation {}; `larder sync --forward` follows the lock", note.to);
    let folder = profile.folder(&name, note.to);
    Ok(Some(Synced { warnings: vec![warning], ..Synced::unchanged(environment.to_owned(), note.to, folder) }))
}

/// Makes sure that a generation leads to where the checkout is now.
fn bring_here(context: &Context<'_>, profile: &profile::Profiles, environment: &Label, number: u64) -> Result<()> {
    if profile.summary(environment, number)?.root != profile.root() {
        let held = snapshot::hold(context, profile)?;
        generations::bring_here(context, profile, &held, environment, number)?;
        held.release()?;
    }
    Ok(())
}

/// An environment in which Node would not find its packages.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{environment} is not the active environment, and it has npm packages")]
#[diagnostic(
    code(larder::run::not_active),
    help(
        "Node finds packages by walking up to node_modules, which leads to {active}: switch with `larder use \
         {environment}` (or `larder sync --env {environment}`), or run it in a checkout of its own"
    )
)]
struct NotActive {
    environment: Label,
    active: String,
}

impl Failure for NotActive {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
