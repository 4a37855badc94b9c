//! Manifest and lock as a command found them: what it solved from these counts only while they stand.

use std::path::Path;

use crate::diagnostic::{Exit, Failure};
use crate::model::TreeDigest;
use crate::profile::{self, ProjectLock};

use super::inputs;
use crate::ops::session::{LOCKFILE, MANIFEST};
use crate::ops::{Context, Error, Event, Result};

/// How often a command begins anew because others changed the files meanwhile.
const TRIES: usize = 20;

/// Manifest and lock as they were when a command began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) struct InputSnapshot {
    manifest: Option<TreeDigest>,
    lockfile: Option<TreeDigest>,
}

impl InputSnapshot {
    /// Looks at the files of the project in `root`. To be asked before they are read.
    pub(in crate::ops) fn of(root: &Path) -> Result<Self> {
        let digest =
            |file, limit| Ok::<_, Error>(inputs::read(&root.join(file), limit)?.map(|bytes| TreeDigest::of(&bytes)));
        Ok(Self { manifest: digest(MANIFEST, inputs::MANIFEST_SIZE)?, lockfile: digest(LOCKFILE, inputs::LOCK_SIZE)? })
    }

    /// Returns what is there after this one wrote the lock.
    pub(in crate::ops) fn relocked(&self, text: &str) -> Self {
        Self { manifest: self.manifest, lockfile: Some(TreeDigest::of(text.as_bytes())) }
    }

    /// Tells whether the files still are the same.
    pub(in crate::ops) fn stands(&self, root: &Path) -> Result<bool> {
        Ok(Self::of(root)? == *self)
    }
}

/// Does something that begins with reading manifest and lock; begins anew where it returns none, as others were faster.
pub(in crate::ops) fn undisturbed<T>(
    root: &Path,
    mut work: impl FnMut(&InputSnapshot) -> Result<Option<T>>,
) -> Result<T> {
    for _ in 0..TRIES {
        let snapshot = InputSnapshot::of(root)?;
        if let Some(done) = work(&snapshot)? {
            return Ok(done);
        }
    }
    Err(Disturbed.into())
}

/// Takes the project's lock; says so where another process makes it wait.
pub(in crate::ops) fn hold(context: &Context<'_>, profile: &profile::Profiles) -> Result<ProjectLock> {
    Ok(profile.lock(|process| {
        (context.reporter)(Event::Waiting { process, does: "works on this project".to_owned() });
    })?)
}

/// Files that never stand still.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("larder.kdl or larder.lock was changed again and again while they were worked on")]
#[diagnostic(code(larder::project::disturbed), help("find out what writes them, and run again"))]
pub(in crate::ops) struct Disturbed;

impl Failure for Disturbed {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;

    #[test]
    fn work_is_repeated_until_nobody_disturbs_it() {
        let root = tempfile::tempdir().unwrap();
        let manifest = root.path().join(MANIFEST);
        let write = |text: &str| fs::write_atomic(&manifest, text.as_bytes(), fs::Durability::Lazy).unwrap();
        write("a");
        let mut turns = 0;
        let done = undisturbed(root.path(), |snapshot| {
            turns += 1;
            if turns < 3 {
                write(&turns.to_string());
            }
            Ok(snapshot.stands(root.path())?.then_some(turns))
        });
        assert_eq!(done.unwrap(), 3);
        let mut length = 10;
        let never = undisturbed::<()>(root.path(), |snapshot| {
            length += 1;
            write(&"x".repeat(length));
            assert!(!snapshot.stands(root.path())?);
            Ok(None)
        });
        assert!(never.is_err());
    }
}
