//! Moving locked versions to the newest that the manifest admits.

use crate::diagnostic::{Exit, Failure, nearest};
use crate::model::PackageId;
use crate::registry::CachePolicy;

use super::lock::{self, Locked, Wish};
use super::locking::age::AgeCutoff;
use super::project;
use super::project::snapshot::{self, InputSnapshot};
use super::project::spec::Known;
use super::runtimes::RuntimeChoice;
use super::{Project, Result, Session};

/// What an update moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The versions of packages.
    Packages,
    /// The tools that build them.
    BuildTools,
    /// The runtimes that larder brings.
    Runtimes,
}

/// Moves the named packages, or all.
pub fn update(session: &Session<'_>, names: &[String], what: Moved) -> Result<Locked> {
    let root = project::find_root(session.context)?;
    snapshot::undisturbed(&root, |snapshot| update_once(session, &Project::read(root.clone())?, names, what, snapshot))
}

fn update_once(
    session: &Session<'_>,
    project: &Project,
    names: &[String],
    what: Moved,
    snapshot: &InputSnapshot,
) -> Result<Option<Locked>> {
    let old = lock::read(project)?.lockfile();
    let wanted: Vec<_> = names.iter().map(|name| Known::parse(name)).collect();
    if let Some(lockfile) = &old {
        for (known, name) in wanted.iter().zip(names) {
            if !lockfile.graph.packages.keys().any(|key| known.names(&key.id)) {
                let there = lockfile.graph.packages.keys().map(|key| key.id.name.as_str());
                let meant = nearest(name, there).map(str::to_owned);
                return Err(NotLocked { name: name.clone(), meant }.into());
            }
        }
    }
    let is_named = |package: &PackageId| wanted.is_empty() || wanted.iter().any(|known| known.names(package));
    let old = old.unwrap_or_default();
    let mut wish = Wish { cache_policy: CachePolicy::Revalidate, ..Wish::keeping(&old) };
    let packages = old.graph.packages.keys().map(|key| &key.id).filter(|id| is_named(id)).cloned().collect();
    match what {
        Moved::Packages => {
            wish.moved = packages;
            wish.age_cutoff = AgeCutoff::Moved;
        }
        Moved::BuildTools => wish.rebuilt = packages,
        Moved::Runtimes => wish.runtimes = RuntimeChoice::Newest,
    }
    if wanted.is_empty() && what == Moved::Packages {
        wish.edition = None;
    }
    lock::replace(session, project, &old, &wish, snapshot)
}

/// A name that the lock does not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` is not in larder.lock")]
#[diagnostic(code(larder::lock::not_locked), help("{}", meant.as_ref().map_or_else(|| "`larder list` shows what is".to_owned(), |m| format!("did you mean `{m}`?"))))]
pub struct NotLocked {
    /// The name that was given.
    pub name: String,
    /// The nearest that is there.
    pub meant: Option<String>,
}

impl Failure for NotLocked {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
