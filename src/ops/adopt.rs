//! Moving aside a `node_modules` or `.venv` that another tool made. Nothing is deleted.

use std::path::PathBuf;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, list};
use crate::profile::RequiredLinks;

use super::project::snapshot;
use super::{Context, Project, Result};

/// `larder adopt --json`: see `schema/adopt.json`.
#[derive(Debug, Serialize)]
pub struct Adopted {
    /// What was moved, with paths relative to the project.
    pub moved: Vec<MovedPath>,
}

/// Something that was moved.
#[derive(Debug, Serialize)]
pub struct MovedPath {
    /// Where it was.
    pub from: PathBuf,
    /// Where it is now.
    pub to: PathBuf,
}

/// Moves what is in the way, if `confirmed` says yes to the list of it. Then an environment that is active is linked
/// again.
pub fn adopt(context: &Context<'_>, confirmed: impl FnOnce(&[PathBuf]) -> bool) -> Result<Adopted> {
    let project = Project::open(context)?;
    let profile = project.profile()?;
    let members = project.members.iter().chain(project.path_packages.keys()).cloned().collect();
    let found =
        profile.obstacles(&RequiredLinks { node_modules: true, python: true, members, ..RequiredLinks::default() })?;
    if found.is_empty() {
        return Ok(Adopted { moved: Vec::new() });
    }
    if !confirmed(&found) {
        return Err(NotConfirmed { paths: found }.into());
    }
    let held = snapshot::hold(context, &profile)?;
    let mut moved = Vec::new();
    for from in found {
        let to = profile.move_aside(&held, &from)?;
        moved.push(MovedPath { from, to });
    }
    if let Some(active) = profile.active()?
        && profile.current_number(&active)?.is_some()
    {
        profile.activate(&held, &active)?;
    }
    held.release()?;
    Ok(Adopted { moved })
}

/// The user did not confirm, or could not be asked.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("not moved, as nobody confirmed it:{}", listed(paths))]
#[diagnostic(code(larder::adopt::not_confirmed), help("`larder adopt --yes` moves them aside, and deletes nothing"))]
struct NotConfirmed {
    paths: Vec<PathBuf>,
}

fn listed(paths: &[PathBuf]) -> String {
    list(paths.iter().map(|path| path.display()))
}

impl Failure for NotConfirmed {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
