//! The right to build and switch, and what becomes of the work of a process that held it and was killed.
//!
//! The lock's file, `.larder/lock`, is empty while nobody works on the checkout. Who begins writes a note into it, with
//! the user's files that it is about to replace, and takes the note back where all went well. Whoever finds a note that
//! is nobody's removes what was left in the middle.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fs::{self, Dir, FileLock, FsError, Kind, PathState};

use super::leftovers::remove_leftovers;
use super::paths::{OWN, PACKAGES, PROFILES};
use super::profiles::Profiles;
use super::{ProfileError, git_exclude};

/// The lock of a checkout: the right to build and switch, held by one process at a time.
#[derive(Debug)]
pub struct ProjectLock {
    held: FileLock,
    remains: AtomicBool,
}

const LOCK: &str = ".larder/lock";
const AT_WORK: &str = "at work, process ";

impl Profiles {
    /// Takes the project's lock; calls `waiting` once if another process holds it, with its number where that is known.
    /// Removes what a holder before left in the middle.
    pub fn lock(&self, waiting: impl FnOnce(Option<u32>)) -> Result<ProjectLock, ProfileError> {
        let path = self.lock_file()?;
        self.start_work(FileLock::acquire(&path, || waiting(holder(&path)))?)
    }

    /// Takes the project's lock if nobody holds it.
    pub fn try_lock(&self) -> Result<Option<ProjectLock>, ProfileError> {
        FileLock::try_acquire(&self.lock_file()?)?.map(|held| self.start_work(held)).transpose()
    }

    /// Returns the lock's file, in a folder that is there.
    fn lock_file(&self) -> Result<PathBuf, ProfileError> {
        fs::create_dir_all(&self.root().join(OWN))?;
        let path = self.root().join(LOCK);
        match fs::lstat(&path)? {
            Some(stat) if stat.kind != Kind::File => Err(ProfileError::NotOurs { path: LOCK.into(), kind: stat.kind }),
            _ => Ok(path),
        }
    }

    fn start_work(&self, held: FileLock) -> Result<ProjectLock, ProfileError> {
        let note = held.note()?;
        if !note.is_empty() {
            self.remove_leftovers(&note)?;
        }
        let lock = ProjectLock { held, remains: AtomicBool::new(false) };
        lock.note_replaced_files(&[])?;
        Ok(lock)
    }

    /// Removes what a killed holder left: files and folders with temporary names.
    fn remove_leftovers(&self, note: &[u8]) -> Result<(), ProfileError> {
        fs::remove_abandoned(&self.root().join(".larder"))?;
        for environment in self.profile_folders()? {
            remove_leftovers(self.root(), &self.profile(&environment)?)?;
        }
        for folder in [PACKAGES, PROFILES] {
            let Some(folder) = Dir::open_below(self.root(), Path::new(folder))? else { continue };
            for found in folder.list()?.iter().filter(|found| found.path.as_os_str().as_bytes().starts_with(b".")) {
                folder.remove_tree(&found.path)?;
            }
        }
        if let git_exclude::ExcludeFile::File(file) = git_exclude::file(self.root())? {
            fs::remove_abandoned_beside(&file)?;
        }
        for file in note.split(|byte| *byte == 0).skip(1) {
            let file = PathBuf::from(std::ffi::OsString::from_vec(file.to_vec()));
            if self.contains_file(&file)? {
                fs::remove_abandoned_beside(&file)?;
            }
        }
        Ok(())
    }

    /// Returns whether a file lies in this checkout, through no link: a note that a clone brought may name any.
    fn contains_file(&self, file: &Path) -> Result<bool, ProfileError> {
        let Some(folder) = file.strip_prefix(self.root()).ok().and_then(Path::parent) else { return Ok(false) };
        let is_plain = folder.components().all(|part| matches!(part, Component::Normal(_)));
        Ok(is_plain && fs::inspect_below(self.root(), folder)? == PathState::Clear)
    }
}

impl ProjectLock {
    /// Notes in the lock's file which files of the user are about to be replaced.
    pub fn note_replaced_files(&self, files: &[&Path]) -> Result<(), ProfileError> {
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

    /// Keeps the note in the lock's file when the lock is released, so that the next holder removes what is left.
    pub fn keep_note(&self) {
        self.remains.store(true, Ordering::Relaxed);
    }

    /// Releases the lock after work that came to its end.
    pub fn release(self) -> Result<(), ProfileError> {
        if self.remains.into_inner() { Ok(()) } else { Ok(self.held.set_note(b"")?) }
    }
}

/// Returns the number of the process that noted itself in a lock that is held.
fn holder(lock: &Path) -> Option<u32> {
    let note = fs::read_record(lock).ok()??;
    let own = note.split(|byte| *byte == 0).next()?;
    std::str::from_utf8(own).ok()?.strip_prefix(AT_WORK)?.parse().ok()
}

/// Returns whether a process that held the lock of the checkout at `root` was killed in the middle of its work.
pub fn has_leftovers(root: &Path) -> Result<bool, FsError> {
    FileLock::has_abandoned_note(&root.join(LOCK))
}
