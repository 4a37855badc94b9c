//! The lockfile as it lies beside a manifest, and how a command treats it.

use std::path::Path;

use crate::diagnostic::{Exit, Failure, list};
use crate::lock::{self, Lockfile};
use crate::model::Edition;

use super::inputs;
use crate::ops::Result;
use crate::ops::session::LOCKFILE;

/// How a command treats the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LockUse {
    /// Brings a stale one up to date.
    #[default]
    Update,
    /// Refuses a stale one.
    Locked,
    /// Does not look whether it is fresh.
    Frozen(Absent),
}

/// What a command that takes the lock as it is does about members and local packages that are not on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is an error.
    Refused,
    /// They are left out.
    LeftOut,
}

/// The lock as it was found.
#[derive(Debug)]
pub(in crate::ops) enum Old {
    /// There is none.
    None,
    /// There is one.
    Lock(Lockfile),
    /// A merge left its marks; this is what both sides agree on.
    Conflict(Lockfile),
}

impl Old {
    /// Returns what can be used of it.
    pub(in crate::ops) fn lockfile(self) -> Option<Lockfile> {
        match self {
            Self::None => None,
            Self::Lock(lockfile) | Self::Conflict(lockfile) => Some(lockfile),
        }
    }
}

/// Returns the text of the lock in `root`. `None` if there is no lock.
pub(in crate::ops) fn text(root: &Path) -> Result<Option<String>> {
    let bytes = inputs::read(&root.join(LOCKFILE), inputs::LOCK_SIZE)?;
    Ok(bytes.map(String::from_utf8).transpose().map_err(|_| LockError::NotText)?)
}

/// Reads the lock of the project in `root`.
pub(in crate::ops) fn read(root: &Path) -> Result<Old> {
    let Some(text) = text(root)? else { return Ok(Old::None) };
    match lock::parse(LOCKFILE, &text) {
        Ok(lockfile) => Ok(Old::Lock(lockfile)),
        Err(lock::LockfileError::Conflict { .. }) => Ok(Old::Conflict(lock::salvage(&text))),
        Err(error) => Err(error.into()),
    }
}

/// Reads the lock in a project's root, where a missing or broken one is an error.
pub(in crate::ops) fn existing(root: &Path) -> Result<Lockfile> {
    match read(root)? {
        Old::Lock(lockfile) => Ok(lockfile),
        Old::None => Err(LockError::Absent.into()),
        Old::Conflict(_) => Err(LockError::Conflict.into()),
    }
}

/// A lock that is not what a command needs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(in crate::ops) enum LockError {
    /// There is no lockfile.
    #[error("there is no larder.lock")]
    #[diagnostic(code(larder::lock::absent), help("`larder lock` makes one"))]
    Absent,
    /// It is not what the manifest asks for.
    #[error("larder.lock is not up to date{}", listed(reasons))]
    #[diagnostic(code(larder::lock::stale), help("`larder lock` brings it up to date; commit the result"))]
    Stale {
        /// Why, a line each.
        reasons: Vec<String>,
    },
    /// It has packages from registries that the manifest does not take them from.
    #[error("larder.lock contradicts the manifest's registries{}", listed(reasons))]
    #[diagnostic(
        code(larder::lock::registries),
        help("`larder lock` takes them from the registries that the manifest names; commit the result")
    )]
    Misrouted {
        /// Why, a line each.
        reasons: Vec<String>,
    },
    /// A merge left its marks in it.
    #[error("larder.lock has merge conflicts")]
    #[diagnostic(
        code(larder::lock::conflict),
        help("`larder lock` repairs it, and keeps every choice on which both sides agree")
    )]
    Conflict,
    /// It is not text at all.
    #[error("larder.lock is not UTF-8 text")]
    #[diagnostic(
        code(larder::lock::not_text),
        help("take it from version control, or delete it and run `larder lock`")
    )]
    NotText,
    /// It follows a list that this larder does not have.
    #[error(
        "larder.lock follows edition {found} of the list of forgotten dependencies, and this larder has edition {own}"
    )]
    #[diagnostic(
        code(larder::lock::newer_list),
        help("lock with the larder that wrote it, or a newer one; syncing what is locked works with this one too")
    )]
    NewerList {
        /// The edition that the lock follows.
        found: Edition,
        /// The edition of this larder.
        own: Edition,
    },
    /// A package that must be there is not.
    #[error("{0}")]
    #[diagnostic(code(larder::lock::missing_package))]
    Missing(String),
}

impl Failure for LockError {
    fn exit(&self) -> Exit {
        match self {
            Self::Absent | Self::Conflict | Self::Stale { .. } | Self::Misrouted { .. } => Exit::Refused,
            Self::NotText | Self::NewerList { .. } => Exit::Manifest,
            Self::Missing(_) => Exit::NoSolution,
        }
    }
}

fn listed(reasons: &[String]) -> String {
    match reasons {
        [] => String::new(),
        [one] => format!(": {one}"),
        many => format!(":{}", list(many)),
    }
}
