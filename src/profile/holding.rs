//! The right to build and switch, and what becomes of the work of a process that held it and was killed.
//!
//! The lock's file, `.larder/lock`, is empty while nobody works on the checkout. Who begins writes a note into it, with
//! the user's files that it is about to replace, and takes the note back where all went well. Whoever finds a note that
//! is nobody's removes what was left in the middle.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fs::{self, FileLock, FsError};

use super::{ProfileError, Project, exclude};

/// The right to build and switch, held by one process at a time.
#[derive(Debug)]
pub struct ProjectLock {
    held: FileLock,
    remains: AtomicBool,
}

const LOCK: &str = ".larder/lock";
const AT_WORK: &str = "at work, process ";

impl Project {
    /// Takes the project's lock; calls `waiting` once if another process holds it, with its number where that is known.
    /// Removes what a holder before left in the middle.
    pub fn lock(&self, waiting: impl FnOnce(Option<u32>)) -> Result<ProjectLock, ProfileError> {
        fs::create_dir_all(&self.root().join(".larder"))?;
        let path = self.root().join(LOCK);
        self.begin(FileLock::acquire(&path, || waiting(holder(&path)))?)
    }

    /// Takes the project's lock if nobody holds it.
    pub fn try_lock(&self) -> Result<Option<ProjectLock>, ProfileError> {
        fs::create_dir_all(&self.root().join(".larder"))?;
        FileLock::try_acquire(&self.root().join(LOCK))?.map(|held| self.begin(held)).transpose()
    }

    fn begin(&self, held: FileLock) -> Result<ProjectLock, ProfileError> {
        let note = held.note()?;
        if !note.is_empty() {
            self.clear(&note)?;
        }
        let lock = ProjectLock { held, remains: AtomicBool::new(false) };
        lock.announce(&[])?;
        Ok(lock)
    }

    /// Removes what lies under names that count for nothing.
    fn clear(&self, note: &[u8]) -> Result<(), ProfileError> {
        fs::remove_left(&self.root().join(".larder"))?;
        for environment in self.environments()? {
            super::build::tidy(&self.profile(&environment))?;
        }
        for folder in [self.packages(), self.profiles()] {
            match fs::read_dir(folder) {
                Err(error) if error.is_not_found() => {}
                found => {
                    for found in found?.iter().filter(|found| found.path.as_os_str().as_bytes().starts_with(b".")) {
                        fs::remove_tree(&folder.join(&found.path))?;
                    }
                }
            }
        }
        if let Some(file) = exclude::file(self.root())? {
            fs::remove_left_beside(&file)?;
        }
        for file in note.split(|byte| *byte == 0).skip(1) {
            fs::remove_left_beside(&PathBuf::from(std::ffi::OsString::from_vec(file.to_vec())))?;
        }
        Ok(())
    }
}

impl ProjectLock {
    /// Notes which files of the user are about to be replaced.
    pub fn announce(&self, files: &[&Path]) -> Result<(), ProfileError> {
        let mut note = format!("{AT_WORK}{}", std::process::id()).into_bytes();
        for file in files {
            note.push(0);
            note.extend_from_slice(file.as_os_str().as_bytes());
        }
        match self.held.set_note(&note) {
            // A collection makes room on a full disk.
            Err(error) if error.is_disk_full() => Ok(()),
            noted => Ok(noted?),
        }
    }

    /// Says that something stays which the next holder is to remove.
    pub fn leave(&self) {
        self.remains.store(true, Ordering::Relaxed);
    }

    /// Gives the lock up after work that came to its end.
    pub fn finish(self) -> Result<(), ProfileError> {
        if self.remains.into_inner() { Ok(()) } else { Ok(self.held.set_note(b"")?) }
    }
}

/// Returns the number of the process that noted itself in a lock that is held.
fn holder(lock: &Path) -> Option<u32> {
    let note = fs::read_if_exists(lock).ok()??;
    let own = note.split(|byte| *byte == 0).next()?;
    std::str::from_utf8(own).ok()?.strip_prefix(AT_WORK)?.parse().ok()
}

/// Tells whether the work of a process that held the lock of the checkout at `root` was left in the middle.
pub fn is_left(root: &Path) -> Result<bool, FsError> {
    FileLock::is_left(&root.join(LOCK))
}
