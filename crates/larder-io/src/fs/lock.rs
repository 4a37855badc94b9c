//! Advisory locks between processes. They die with their process, however it ends.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{Action, Dir, FsError, Kind, Stat};

/// An exclusive lock on a file, held until it is dropped.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock. If another process or thread holds it, calls `waiting` once and waits. The folder must exist.
    pub fn acquire(path: &Path, waiting: impl FnOnce()) -> Result<Self, FsError> {
        let mut waiting = Some(waiting);
        loop {
            let file = open(path)?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => {
                    if let Some(waiting) = waiting.take() {
                        waiting();
                    }
                    block(&file).map_err(|errno| FsError::new(Action::Lock, path, errno))?;
                }
                Err(errno) => return Err(FsError::new(Action::Lock, path, errno)),
            }
            if is_still_named(&file, path)? {
                return Ok(Self { file, path: path.to_owned() });
            }
        }
    }

    /// Takes the lock. Returns `None` if somebody holds it.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, FsError> {
        loop {
            let file = open(path)?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if is_still_named(&file, path)? => return Ok(Some(Self { file, path: path.to_owned() })),
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(errno) => return Err(FsError::new(Action::Lock, path, errno)),
            }
        }
    }

    /// Returns the file that is locked.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the note that an earlier holder wrote and did not clear, because it was killed or failed.
    pub fn note(&self) -> Result<Vec<u8>, FsError> {
        let mut note = Vec::new();
        let read = (&self.file).read_to_end(&mut note);
        read.map_err(|error| FsError::new(Action::Read, &self.path, error))?;
        Ok(note)
    }

    /// Writes a note for the next holder, in case this process is killed before it clears the note. An empty note clears it.
    pub fn set_note(&self, note: &[u8]) -> Result<(), FsError> {
        // The note is overwritten before it is cut to length, so that a kill between leaves one.
        let written = self.file.write_all_at(note, 0).and_then(|()| self.file.set_len(note.len() as u64));
        written.map_err(|error| FsError::new(Action::Write, &self.path, error))
    }

    /// Returns whether nobody holds the lock and a note was left in it.
    pub fn has_abandoned_note(path: &Path) -> Result<bool, FsError> {
        match super::lstat(path)? {
            None => return Ok(false),
            Some(stat) if stat.kind == Kind::File && stat.size == 0 => return Ok(false),
            Some(_) => {}
        }
        match Self::try_acquire(path)? {
            Some(held) => Ok(!held.note()?.is_empty()),
            None => Ok(false),
        }
    }

    /// Removes the file, then releases the lock. Waiting processes notice and create a new file.
    pub fn remove(self) -> Result<(), FsError> {
        super::remove_file(&self.path)?;
        drop(self.file);
        Ok(())
    }
}

/// The outcome of an attempt to lock a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderLock {
    /// The lock is held until the [`Dir`] is dropped.
    Held,
    /// Somebody else holds it.
    Busy,
    /// This file system does not lock folders.
    Unsupported,
}

impl Dir {
    /// Takes the folder's exclusive lock. If another process or thread holds it, calls `waiting` and waits; the folder's path
    /// may lead elsewhere afterwards ([`Dir::is_at`]).
    pub fn lock(&self, waiting: &mut dyn FnMut()) -> Result<FolderLock, FsError> {
        match self.try_lock()? {
            FolderLock::Busy => {
                waiting();
                block(self.fd()).map_err(|errno| FsError::new(Action::Lock, self.path(), errno))?;
                Ok(FolderLock::Held)
            }
            other => Ok(other),
        }
    }

    /// Returns the ID of the process that holds the folder's lock. Returns `None` if the system does not know it, or the
    /// process runs in another container.
    pub fn lock_holder(&self) -> Option<u32> {
        let stat = rustix::fs::fstat(self.fd()).ok()?;
        let (major, minor) = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
        let place = format!("{major:02x}:{minor:02x}:{}", stat.st_ino);
        // `1: FLOCK  ADVISORY  WRITE 4711 fe:00:5308951 0 EOF`; a waiting process has an arrow after the number.
        let locks = super::read_if_exists(Path::new("/proc/locks")).ok()??;
        let locks = String::from_utf8(locks).ok()?;
        let held = |line: &str| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            (words.get(1) == Some(&"FLOCK") && words.get(5) == Some(&&*place))
                .then(|| words[4].parse().ok().filter(|process| *process != 0))?
        };
        locks.lines().find_map(held)
    }

    /// Takes the folder's exclusive lock if nobody holds it.
    pub fn try_lock(&self) -> Result<FolderLock, FsError> {
        match rustix::fs::flock(self.fd(), FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(FolderLock::Held),
            Err(Errno::WOULDBLOCK) => Ok(FolderLock::Busy),
            // NFS turns it into a write lock, and a folder cannot be opened for writing.
            Err(Errno::BADF | Errno::NOLCK | Errno::NOTSUP | Errno::INVAL | Errno::NOSYS) => {
                Ok(FolderLock::Unsupported)
            }
            Err(errno) => Err(FsError::new(Action::Lock, self.path(), errno)),
        }
    }
}

/// Opens or creates the file. A link is an error: its target belongs to somebody else.
fn open(path: &Path) -> Result<File, FsError> {
    let failed = |error: io::Error| FsError::new(Action::Lock, path, error);
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(CWD, path, flags, Mode::from_raw_mode(0o666)) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP | Errno::MLINK) => return Err(failed(io::Error::other("it is a link"))),
        Err(errno) => return Err(failed(errno.into())),
    };
    match Stat::of(&file).map_err(failed)?.kind {
        Kind::File => Ok(file),
        _ => Err(failed(io::Error::other("it is not a regular file"))),
    }
}

fn block(file: impl AsFd) -> Result<(), Errno> {
    loop {
        match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// Returns whether `path` still names `file`: a lock on a file that was removed meanwhile excludes nobody.
fn is_still_named(file: &File, path: &Path) -> Result<bool, FsError> {
    let held = rustix::fs::fstat(file).map_err(|errno| FsError::new(Action::Lock, path, errno))?;
    let held = Stat::from_raw(&held);
    let named = super::lstat(path)?;
    Ok(named.is_some_and(|named| (named.ino, named.device) == (held.ino, held.device)))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_held_lock_is_not_given_twice_and_ends_with_its_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = FileLock::acquire(&path, || unreachable!("nobody holds it")).unwrap();
        assert!(FileLock::try_acquire(&path).unwrap().is_none());
        drop(held);
        assert!(FileLock::try_acquire(&path).unwrap().is_some());
    }

    #[test]
    fn what_is_no_file_is_not_locked_and_nothing_is_made_where_a_link_leads() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        super::super::symlink(&path("elsewhere"), &path("link")).unwrap();
        rustix::fs::mknodat(CWD, path("pipe"), rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        for name in ["link", "pipe"] {
            assert!(FileLock::acquire(&path(name), || {}).is_err(), "{name}");
            assert!(FileLock::try_acquire(&path(name)).is_err(), "{name}");
            assert!(FileLock::has_abandoned_note(&path(name)).is_err(), "{name}");
        }
        assert!(super::super::lstat(&path("elsewhere")).unwrap().is_none());
    }

    #[test]
    fn a_note_outlives_its_holder_until_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!FileLock::has_abandoned_note(&path).unwrap());
        let held = FileLock::acquire(&path, || {}).unwrap();
        assert_eq!(held.note().unwrap(), b"");
        held.set_note(b"a long note").unwrap();
        held.set_note(b"a note").unwrap();
        assert!(!FileLock::has_abandoned_note(&path).unwrap(), "it is held");
        drop(held);
        assert!(FileLock::has_abandoned_note(&path).unwrap());
        let held = FileLock::acquire(&path, || {}).unwrap();
        assert_eq!(held.note().unwrap(), b"a note");
        held.set_note(b"").unwrap();
        drop(held);
        assert!(!FileLock::has_abandoned_note(&path).unwrap());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_holder_of_a_folders_lock_is_known_while_it_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let (held, other) = (Dir::open(folder.path()).unwrap(), Dir::open(folder.path()).unwrap());
        assert_eq!(other.lock_holder(), None);
        assert_eq!(held.try_lock().unwrap(), FolderLock::Held);
        assert_eq!(other.try_lock().unwrap(), FolderLock::Busy);
        // Some file systems have other numbers there.
        assert!([Some(std::process::id()), None].contains(&other.lock_holder()));
        drop(held);
        assert_eq!(other.lock_holder(), None);
    }

    #[test]
    fn who_waits_is_told_and_gets_a_lock_that_counts_though_the_file_was_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = FileLock::acquire(&path, || {}).unwrap();
        let told = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| FileLock::acquire(&path, || told.store(true, Ordering::SeqCst)).unwrap());
            while !told.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            held.remove().unwrap();
            let _second = waiter.join().unwrap();
            assert!(FileLock::try_acquire(&path).unwrap().is_none());
        });
    }
}
