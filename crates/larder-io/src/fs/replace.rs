//! Replacing a file or link in one step: readers see the old or the new, whole.
//!
//! The new content is first written to `.<name>.tmp` in the same folder. The name is always the same, so that kills
//! never leave more than one such file, and the next write takes it over. Its writer holds a lock on it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{Action, Durability, FsError, Kind, Stat};

/// Replaces a file's content in one step: readers see the old or the new, whole. The new file has the old one's permissions.
/// The folders above it must exist.
pub fn write_atomic(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), FsError> {
    write_parts_atomic(path, &[bytes], durability)
}

/// Replaces a file like [`write_atomic`], with content in several pieces.
pub fn write_parts_atomic(path: &Path, parts: &[&[u8]], durability: Durability) -> Result<(), FsError> {
    let error = |error: io::Error| {
        let error = FsError::new(Action::Write, path, error).needing_file_space(size_of(parts));
        // A durable write is a single file of the user's; a lazy one is part of something larger.
        if durability == Durability::Lazy { error } else { error.with_exact_space() }
    };
    let (file, temporary) = open_temporary(path).map_err(error)?;
    write_and_rename(file, path, &temporary, parts, durability).map_err(|problem| {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
        error(problem)
    })
}

/// Creates a file with content that is in several pieces. An existing one is an error ([`FsError::is_occupied`]). A kill
/// can leave a part of the content.
pub fn write_parts_new(path: &Path, parts: &[&[u8]]) -> Result<(), FsError> {
    let error = |error: io::Error| FsError::new(Action::Write, path, error).needing_file_space(size_of(parts));
    let mut file = File::create_new(path).map_err(error)?;
    write_all(&mut file, parts).map_err(|problem| {
        // The first error is the one to report.
        let _ = std::fs::remove_file(path);
        error(problem)
    })
}

/// Makes `path` a symbolic link to `target` in one step and returns the old target. Anything but a link at `path` is an
/// error, and stays.
///
/// Callers must not replace one link from two threads or processes at once.
pub fn replace_symlink(path: &Path, target: &Path) -> Result<Option<PathBuf>, FsError> {
    let old = match super::read_link(path) {
        Ok(old) => Some(old),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = hidden_sibling(path, "tmp");
    loop {
        match super::symlink(target, &temporary) {
            // A killed process left it.
            Err(error) if error.is_occupied() => {
                super::remove_file(&temporary)?;
                continue;
            }
            made => made?,
        }
        match rustix::fs::rename(&temporary, path) {
            Ok(()) => return Ok(old),
            Err(Errno::NOENT) => {}
            Err(errno) => {
                let _ = rustix::fs::unlink(&temporary);
                return Err(FsError::new(Action::Link, path, errno));
            }
        }
    }
}

/// Removes the temporary files that killed writers left in a folder.
pub fn remove_abandoned(folder: &Path) -> Result<(), FsError> {
    let found = match super::read_dir(folder) {
        Err(error) if error.is_not_found() => return Ok(()),
        found => found?,
    };
    for found in found.iter().filter(|found| is_temporary(&found.path)) {
        remove_temporary(&folder.join(&found.path))?;
    }
    Ok(())
}

/// Removes the temporary file that a killed writer of `path` left.
pub fn remove_abandoned_beside(path: &Path) -> Result<(), FsError> {
    remove_temporary(&hidden_sibling(path, "tmp"))
}

/// Returns whether a name is that of a temporary file.
pub fn is_temporary(name: &Path) -> bool {
    name.extension().is_some_and(|extension| extension == "tmp")
        && name.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Removes a temporary file unless a writer holds its lock. A link, which cannot be locked, is removed at once.
pub fn remove_temporary(temporary: &Path) -> Result<(), FsError> {
    let error = |error: io::Error| FsError::new(Action::Remove, temporary, error);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(CWD, temporary, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP) => return super::remove_file(temporary),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        Err(errno) => return Err(error(errno.into())),
    };
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        // Its writer may have renamed it meanwhile, and another writer taken the name.
        Ok(()) if is_named(&file, temporary).map_err(error)? => super::remove_file(temporary),
        Ok(()) | Err(Errno::WOULDBLOCK | Errno::NOLCK | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        Err(errno) => Err(error(errno.into())),
    }
}

/// Opens and locks the empty temporary file for the new content of `path`.
pub(super) fn open_temporary(path: &Path) -> io::Result<(File, PathBuf)> {
    let temporary = hidden_sibling(path, "tmp");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    loop {
        let mut opened = rustix::fs::openat(CWD, &temporary, flags | OFlags::EXCL, mode);
        let is_new = opened.is_ok();
        if let Err(Errno::EXIST) = opened {
            opened = rustix::fs::openat(CWD, &temporary, flags, mode);
        }
        let file = match opened {
            Ok(fd) => File::from(fd),
            // A link or a pipe is not larder's, and must not be written through.
            Err(Errno::LOOP | Errno::NXIO) => {
                rustix::fs::unlink(&temporary)?;
                continue;
            }
            Err(errno) => return Err(errno.into()),
        };
        if !is_new && Stat::of(&file)?.kind != Kind::File {
            rustix::fs::unlink(&temporary)?;
            continue;
        }
        match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
            Ok(()) => {}
            Err(Errno::INTR) => continue,
            // Without locks, the temporary file needs a unique name.
            Err(_) => {
                if is_new {
                    rustix::fs::unlink(&temporary)?;
                }
                let temporary = hidden_sibling(path, &unique());
                return Ok((rustix::fs::openat(CWD, &temporary, flags | OFlags::EXCL, mode)?.into(), temporary));
            }
        }
        // Otherwise the former holder of the lock has renamed the file.
        if is_named(&file, &temporary)? {
            if Stat::of(&file)?.size > 0 {
                file.set_len(0)?;
            }
            return Ok((file, temporary));
        }
    }
}

/// Returns whether a path still leads to an open file.
fn is_named(file: &File, path: &Path) -> io::Result<bool> {
    let own = Stat::of(file)?;
    let named = super::lstat(path).map_err(|error| error.source)?;
    Ok(named.is_some_and(|named| (named.ino, named.device) == (own.ino, own.device)))
}

fn size_of(parts: &[&[u8]]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// Writes the pieces one after the other, in one call if the system can.
fn write_all(file: &mut File, parts: &[&[u8]]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut left = &mut slices[..];
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match file.write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut left, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn write_and_rename(
    mut file: File,
    path: &Path,
    temporary: &Path,
    parts: &[&[u8]],
    durability: Durability,
) -> io::Result<()> {
    if let Ok(old) = std::fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    write_all(&mut file, parts)?;
    rename_into_place(&file, temporary, path, durability)
}

/// Renames a temporary file that is written, and flushes what has to be durable before and after that.
pub(super) fn rename_into_place(file: &File, temporary: &Path, path: &Path, durability: Durability) -> io::Result<()> {
    if durability != Durability::Lazy {
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

/// Returns the path of a hidden file in the same folder.
fn hidden_sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

/// Returns an extension that no other process or thread uses.
fn unique() -> String {
    format!("{}.tmp", super::random_name())
}

#[cfg(test)]
mod tests {
    use super::super::{create_dir_all, lstat, read, read_dir, read_link, read_to_string, symlink, write_new};
    use super::*;

    #[test]
    fn an_atomic_write_replaces_content_keeps_the_mode_and_leaves_no_debris() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_new(&path, b"one", 0o640).unwrap();
        assert!(write_new(&path, b"two", 0o640).unwrap_err().is_occupied());
        for durability in [Durability::Lazy, Durability::Whole, Durability::Synced] {
            write_atomic(&path, b"three", durability).unwrap();
        }
        assert_eq!(read_to_string(&path).unwrap(), "three");
        assert_eq!(lstat(&path).unwrap().unwrap().mode, 0o640);
        assert_eq!(read_dir(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_failed_atomic_write_leaves_nothing_and_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        create_dir_all(&path.join("inner")).unwrap();
        let error = write_atomic(&path, b"x", Durability::Lazy).unwrap_err();
        assert_eq!(error.path, path);
        assert_eq!(read_dir(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn what_a_killed_writer_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        write_new(&folder.path().join(".file.tmp"), b"half of a much longer text", 0o644).unwrap();
        symlink(Path::new("old"), &folder.path().join(".link.tmp")).unwrap();
        write_atomic(&path, b"whole", Durability::Lazy).unwrap();
        assert_eq!(replace_symlink(&link, Path::new("new")).unwrap(), None);
        assert_eq!((read(&path).unwrap(), read_link(&link).unwrap()), (b"whole".to_vec(), "new".into()));
        assert_eq!(read_dir(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn what_killed_writers_left_goes_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [".file.tmp", ".busy.tmp", ".kept", "kept.tmp", ".other.tmp"] {
            write_new(&path(name), b"half", 0o644).unwrap();
        }
        symlink(Path::new("new"), &path(".link.tmp")).unwrap();
        let busy = File::open(path(".busy.tmp")).unwrap();
        rustix::fs::flock(&busy, FlockOperation::LockExclusive).unwrap();
        remove_abandoned_beside(&path("other")).unwrap();
        remove_abandoned_beside(&path("none")).unwrap();
        assert_eq!(read_dir(folder.path()).unwrap().len(), 5);
        remove_abandoned(folder.path()).unwrap();
        let names: Vec<_> = read_dir(folder.path()).unwrap().into_iter().map(|found| found.path).collect();
        assert_eq!(names, [".busy.tmp", ".kept", "kept.tmp"].map(PathBuf::from));
    }

    #[test]
    fn a_link_in_the_place_of_the_new_content_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        write_new(&victim, b"mine", 0o644).unwrap();
        symlink(&victim, &folder.path().join(".file.tmp")).unwrap();
        write_atomic(&folder.path().join("file"), b"whole", Durability::Lazy).unwrap();
        assert_eq!(read(&victim).unwrap(), b"mine");
    }

    #[test]
    fn a_pipe_in_the_place_of_the_new_content_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (file, pipe) = (folder.path().join("file"), folder.path().join(".file.tmp"));
        for has_reader in [false, true] {
            rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
            let flags = OFlags::RDONLY | OFlags::NONBLOCK;
            let _reader = has_reader.then(|| rustix::fs::openat(CWD, &pipe, flags, Mode::empty()).unwrap());
            write_atomic(&file, b"whole", Durability::Lazy).unwrap();
            assert_eq!((read(&file).unwrap(), read_dir(folder.path()).unwrap().len()), (b"whole".to_vec(), 1));
        }
    }

    #[test]
    fn many_writers_of_one_file_leave_one_whole_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::thread::scope(|scope| {
            for letter in b'a'..b'i' {
                let path = &path;
                scope.spawn(move || {
                    for length in 1..60 {
                        write_atomic(path, &vec![letter; length * 100], Durability::Lazy).unwrap();
                        let seen = read(path).unwrap();
                        assert!(!seen.is_empty() && seen.iter().all(|byte| *byte == seen[0]), "a mixture");
                    }
                });
            }
        });
        assert_eq!(read_dir(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_link_is_replaced_and_the_old_target_returned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("current");
        assert_eq!(replace_symlink(&path, Path::new("1")).unwrap(), None);
        assert_eq!(replace_symlink(&path, Path::new("2")).unwrap(), Some("1".into()));
        assert_eq!(read_link(&path).unwrap(), Path::new("2"));
        assert_eq!(read_dir(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn what_is_not_a_link_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, inner) = (folder.path().join("file"), folder.path().join("folder"));
        write_new(&file, b"mine", 0o644).unwrap();
        create_dir_all(&inner).unwrap();
        assert!(replace_symlink(&file, Path::new("x")).is_err());
        assert!(replace_symlink(&inner, Path::new("x")).is_err());
        assert_eq!(read(&file).unwrap(), b"mine");
        assert_eq!(read_dir(folder.path()).unwrap().len(), 2);
    }
}
