//! Whole files: read, written in one piece, renamed, removed.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Action, FsError};

/// Whether a write must outlive a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The system writes it to disk when it likes. It survives a kill of the process.
    Lazy,
    /// Content and name are on disk when the call returns.
    Synced,
}

/// Reads a file.
pub fn read(path: &Path) -> Result<Vec<u8>, FsError> {
    std::fs::read(path).map_err(|error| FsError::new(Action::Read, path, error))
}

/// Reads a file; one that does not exist is `None`.
pub fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>, FsError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(FsError::new(Action::Read, path, error)),
    }
}

/// Reads a file that must be UTF-8.
pub fn read_to_string(path: &Path) -> Result<String, FsError> {
    std::fs::read_to_string(path).map_err(|error| FsError::new(Action::Read, path, error))
}

/// Opens a file for reading.
pub fn open(path: &Path) -> Result<File, FsError> {
    File::open(path).map_err(|error| FsError::new(Action::Read, path, error))
}

/// Opens a file for reading, and returns its size; what is no file, or not there, is `None`.
pub fn open_sized(path: &Path) -> Result<Option<(File, u64)>, FsError> {
    let error = |error| FsError::new(Action::Read, path, error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(missing) if matches!(missing.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(other) => return Err(error(other)),
    };
    let metadata = file.metadata().map_err(error)?;
    Ok(if metadata.is_file() { Some((file, metadata.len())) } else { None })
}

/// Creates a file, or empties the one that is there, for writing.
pub fn create(path: &Path) -> Result<File, FsError> {
    File::create(path).map_err(|error| FsError::new(Action::Write, path, error))
}

/// Replaces a file's content in one step: readers see the old or the new, whole. Folders above it must exist.
///
/// The new file has the old one's permissions.
pub fn write_atomic(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), FsError> {
    write_parts_atomic(path, &[bytes], durability)
}

/// Like [`write_atomic`], for content that is in several pieces.
pub fn write_parts_atomic(path: &Path, parts: &[&[u8]], durability: Durability) -> Result<(), FsError> {
    let temporary = beside(path);
    let result = write_beside(path, &temporary, parts, durability);
    if result.is_err() {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
    }
    result.map_err(|error| FsError::new(Action::Write, path, error))
}

fn write_beside(path: &Path, temporary: &Path, parts: &[&[u8]], durability: Durability) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    if let Ok(old) = std::fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    for part in parts {
        file.write_all(part)?;
    }
    if durability == Durability::Synced {
        file.sync_all()?;
    }
    std::fs::rename(temporary, path)?;
    if durability == Durability::Synced
        && let Some(folder) = path.parent()
    {
        File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })?.sync_all()?;
    }
    Ok(())
}

/// Creates a file with its content and permission bits. One that is there already is an error
/// ([`FsError::is_occupied`]).
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| FsError::new(Action::Write, path, error))
}

/// Copies a file's content and permission bits to a name that is free.
pub fn copy(from: &Path, to: &Path) -> Result<(), FsError> {
    let mut source = open(from)?;
    let mode = source.metadata().map_err(|error| FsError::new(Action::Inspect, from, error))?.permissions().mode();
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(to)
        .map_err(|error| FsError::new(Action::Write, to, error))?;
    io::copy(&mut source, &mut target).map_err(|error| FsError::new(Action::Write, to, error))?;
    Ok(())
}

/// Renames a file or folder. A file at the new name is replaced; a folder only if it is empty.
pub fn rename(from: &Path, to: &Path) -> Result<(), FsError> {
    std::fs::rename(from, to).map_err(|error| FsError::new(Action::Rename, from, error))
}

/// Removes a file or a link; one that is not there is no error.
pub fn remove_file(path: &Path) -> Result<(), FsError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FsError::new(Action::Remove, path, error)),
    }
}

/// Sets the time of the last change of a file or folder to now.
pub fn touch(path: &Path) -> Result<(), FsError> {
    let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
    let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
    rustix::fs::utimensat(rustix::fs::CWD, path, &times, rustix::fs::AtFlags::empty())
        .map_err(|errno| FsError::new(Action::Write, path, errno))
}

/// Lets everybody who may read the file execute it.
pub fn set_executable(path: &Path) -> Result<(), FsError> {
    let mode = std::fs::metadata(path).map_err(|error| FsError::new(Action::Inspect, path, error))?;
    let mode = mode.permissions().mode();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode | (mode & 0o444) >> 2))
        .map_err(|error| FsError::new(Action::Write, path, error))
}

/// Returns a hidden name in the same folder that no other process or thread uses.
pub(super) fn beside(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{}.tmp", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atomic_write_replaces_content_keeps_the_mode_and_leaves_no_debris() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_new(&path, b"one", 0o640).unwrap();
        assert!(write_new(&path, b"two", 0o640).unwrap_err().is_occupied());
        for durability in [Durability::Lazy, Durability::Synced] {
            write_atomic(&path, b"three", durability).unwrap();
        }
        assert_eq!(read_to_string(&path).unwrap(), "three");
        assert_eq!(super::super::stat(&path).unwrap().unwrap().mode, 0o640);
        assert_eq!(super::super::read_dir(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_failed_atomic_write_leaves_nothing_and_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        super::super::create_dir_all(&path.join("inner")).unwrap();
        let error = write_atomic(&path, b"x", Durability::Lazy).unwrap_err();
        assert_eq!(error.path, path);
        assert_eq!(super::super::read_dir(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn what_is_missing_reads_as_none_and_is_removed_without_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none");
        assert_eq!(read_if_exists(&path).unwrap(), None);
        assert!(read(&path).unwrap_err().is_not_found());
        remove_file(&path).unwrap();
    }
}
