//! Whole files: read, created, copied, renamed, removed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path};

use super::{Action, FsError};

/// How much a write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A kill of the process. The system writes the content to disk later.
    Lazy,
    /// A loss of power, which leaves the old or the new file, whole: the content is on disk before the file has its name.
    Whole,
    /// A loss of power after the call: content and name are on disk when it returns.
    Synced,
}

/// The size limit for files that are read whole. Files of a project have smaller limits, set by their readers.
const LARGEST: u64 = 1 << 30;

/// Reads a regular file.
pub fn read(path: &Path) -> Result<Vec<u8>, FsError> {
    read_regular(path, LARGEST).map_err(|error| FsError::new(Action::Read, path, error))
}

/// Reads a regular file. Returns `None` if it does not exist.
pub fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>, FsError> {
    read_up_to(path, LARGEST)
}

/// Reads a regular file of at most `limit` bytes. Returns `None` if it does not exist.
pub fn read_up_to(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, FsError> {
    match read_regular(path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(FsError::new(Action::Read, path, error)),
    }
}

/// Reads a text file below a folder. Returns `None` where `find_below` finds nothing, where it is no text, and where the disk does
/// not give it.
pub fn read_text_below(folder: &Path, file: &str, bounds: &[&Path], limit: u64) -> Option<String> {
    String::from_utf8(read_below(folder, file, bounds, limit)?).ok()
}

/// The same for a file that need not be text.
pub fn read_below(folder: &Path, file: &str, bounds: &[&Path], limit: u64) -> Option<Vec<u8>> {
    find_below(folder, file, bounds, limit).ok()?
}

/// Reads a regular file below a folder. Returns `None` if there is none of at most `limit` bytes, or it lies elsewhere: `..` leads
/// out of the folder, and a link may lead out of all of `bounds`.
///
/// # Errors
/// The disk does not give it, or nobody may read it.
pub fn find_below(folder: &Path, file: &str, bounds: &[&Path], limit: u64) -> Result<Option<Vec<u8>>, FsError> {
    let relative = Path::new(file);
    if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Ok(None);
    }
    let path = folder.join(relative);
    let found = || {
        if super::lstat(&path)?.is_none() {
            return Ok(None);
        }
        let real = super::canonicalize(&path)?;
        for bound in bounds {
            if real.starts_with(super::canonicalize(bound)?) {
                return read_up_to(&real, limit);
            }
        }
        Ok(None)
    };
    found().or_else(|error| if error.is_of_no_file() { Ok(None) } else { Err(error) })
}

/// Reads a regular file that must be UTF-8.
pub fn read_to_string(path: &Path) -> Result<String, FsError> {
    let error = |error| FsError::new(Action::Read, path, error);
    let bytes = read_regular(path, LARGEST).map_err(error)?;
    String::from_utf8(bytes).map_err(|_| error(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")))
}

/// Reads a regular file, and nothing else: a pipe can block and a device has no end.
fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut file = open_regular(path)?;
    let size = file.metadata()?.len();
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes"));
    if size > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    // Files below `/proc` have content but a size of 0.
    (&mut file).take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
}

/// Opens a regular file. Opening anything else, like a pipe, never blocks.
fn open_regular(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path)?;
    let kind = file.metadata()?.file_type();
    match () {
        () if kind.is_file() => Ok(file),
        () if kind.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        () => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Makes opening a pipe without a writer return at once.
#[allow(clippy::cast_possible_wrap, reason = "a bit of a C integer")]
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits() as i32;

/// Refuses to open a link.
#[allow(clippy::cast_possible_wrap, reason = "a bit of a C integer")]
const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;

/// Opens a file for reading, or a folder to sync it.
pub fn open(path: &Path) -> Result<File, FsError> {
    match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => File::open(path),
        opened => opened,
    }
    .map_err(|error| FsError::new(Action::Read, path, error))
}

/// Reads at most the first `most` bytes of a file.
pub fn read_start(path: &Path, most: u64) -> Result<Vec<u8>, FsError> {
    let mut bytes = Vec::new();
    open(path)?.take(most).read_to_end(&mut bytes).map_err(|error| FsError::new(Action::Read, path, error))?;
    Ok(bytes)
}

/// Opens a file for reading and returns it with its size. Returns `None` if it does not exist or is not a regular file.
pub fn open_sized(path: &Path) -> Result<Option<(File, u64)>, FsError> {
    let error = |error| FsError::new(Action::Read, path, error);
    let file = match OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path) {
        Ok(file) => file,
        Err(missing) if matches!(missing.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(other) => return Err(error(other)),
    };
    let metadata = file.metadata().map_err(error)?;
    Ok(if metadata.is_file() { Some((file, metadata.len())) } else { None })
}

/// Creates a file for writing, or truncates an existing one.
pub fn create(path: &Path) -> Result<File, FsError> {
    File::create(path).map_err(|error| FsError::new(Action::Write, path, error))
}

/// Opens a file to write at its end, and creates it if it does not exist. A link is not followed.
pub fn open_end(path: &Path) -> Result<File, FsError> {
    let file = OpenOptions::new().append(true).create(true).custom_flags(NOFOLLOW).open(path);
    file.map_err(|error| FsError::new(Action::Write, path, error))
}

/// Creates a file with its content and permission bits. An existing one is an error ([`FsError::is_occupied`]).
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FsError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|error| FsError::new(Action::Write, path, error).needing_file_space(bytes.len()))
}

/// Copies a file's content and permission bits to a new file. An existing one is an error.
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

/// Removes a file or a link. A missing one is no error.
pub fn remove_file(path: &Path) -> Result<(), FsError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FsError::new(Action::Remove, path, error)),
    }
}

/// Sets the modification time of a file or folder to now.
pub fn touch(path: &Path) -> Result<(), FsError> {
    let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
    let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
    rustix::fs::utimensat(rustix::fs::CWD, path, &times, rustix::fs::AtFlags::empty())
        .map_err(|errno| FsError::new(Action::Write, path, errno))
}

/// Makes the file executable for everybody who may read it.
pub fn set_executable(path: &Path) -> Result<(), FsError> {
    let mode = std::fs::metadata(path).map_err(|error| FsError::new(Action::Inspect, path, error))?;
    let mode = mode.permissions().mode();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode | (mode & 0o444) >> 2))
        .map_err(|error| FsError::new(Action::Write, path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let (file, pipe) = (folder.path().join("file"), folder.path().join("pipe"));
        std::fs::write(&file, b"12345678").unwrap();
        assert_eq!(read_up_to(&file, 8).unwrap().unwrap(), b"12345678");
        assert_eq!(read_up_to(&file, 7).unwrap_err().source.kind(), io::ErrorKind::FileTooLarge);
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for odd in [&pipe, Path::new("/dev/zero"), folder.path()] {
            assert!(read(odd).is_err() && read_if_exists(odd).is_err() && read_to_string(odd).is_err());
            assert!(open(odd).is_err() || odd == folder.path());
            assert!(open_sized(odd).unwrap().is_none());
        }
        if Path::new("/proc/self/status").exists() {
            assert!(read_to_string(Path::new("/proc/self/status")).unwrap().contains("Name:"));
        }
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
