//! Replacing what lies at a path in one step: readers see the old or the new, whole.
//!
//! What is new lies beside it for a moment, as `.<name>.tmp`. The name is always the same, so that kills at that moment
//! never leave more than one such file, and the next write takes it over; who writes it holds a lock on it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{Action, Durability, FsError, Stat};

/// Replaces a file's content in one step: readers see the old or the new, whole. Folders above it must exist.
///
/// The new file has the old one's permissions.
pub fn write_atomic(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), FsError> {
    write_parts_atomic(path, &[bytes], durability)
}

/// Like [`write_atomic`], for content that is in several pieces.
pub fn write_parts_atomic(path: &Path, parts: &[&[u8]], durability: Durability) -> Result<(), FsError> {
    let error = |error: io::Error| FsError::new(Action::Write, path, error);
    let (file, temporary) = open_beside(path).map_err(error)?;
    write_beside(file, path, &temporary, parts, durability).map_err(|problem| {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
        error(problem)
    })
}

/// Makes `path` a symbolic link to `target` in one step, and returns what it pointed to before.
///
/// At every instant `path` is the old link or the new one. Anything but a link at `path` is an error, and stays. Two
/// that replace one link must be kept apart by their callers.
pub fn replace_symlink(path: &Path, target: &Path) -> Result<Option<PathBuf>, FsError> {
    let old = match super::read_link(path) {
        Ok(old) => Some(old),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = beside(path, "tmp");
    loop {
        match super::symlink(target, &temporary) {
            // Left by a process that was killed.
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

/// Opens and locks the empty file beside `path` that its new content is written to.
fn open_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let temporary = beside(path, "tmp");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::from_raw_mode(0o666);
    loop {
        let file = match rustix::fs::openat(CWD, &temporary, flags, mode) {
            Ok(fd) => File::from(fd),
            // A link: nobody's work of ours, and what it leads to is not to be written.
            Err(Errno::LOOP) => {
                rustix::fs::unlink(&temporary)?;
                continue;
            }
            Err(errno) => return Err(errno.into()),
        };
        match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
            Ok(()) => {}
            Err(Errno::INTR) => continue,
            // Without locks: under a name that nobody else uses.
            Err(_) => {
                let temporary = beside(path, &unique());
                return Ok((rustix::fs::openat(CWD, &temporary, flags | OFlags::EXCL, mode)?.into(), temporary));
            }
        }
        // Who held the lock has renamed the file.
        let own = Stat::of(&file)?;
        let named = super::lstat(&temporary).map_err(|error| error.source)?;
        if named.is_some_and(|named| (named.ino, named.device) == (own.ino, own.device)) {
            if own.size > 0 {
                file.set_len(0)?;
            }
            return Ok((file, temporary));
        }
    }
}

fn write_beside(
    mut file: File,
    path: &Path,
    temporary: &Path,
    parts: &[&[u8]],
    durability: Durability,
) -> io::Result<()> {
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

/// Returns a hidden name in the same folder.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

/// Returns an ending that no other process or thread uses.
fn unique() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}.tmp", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
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
        for durability in [Durability::Lazy, Durability::Synced] {
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
    fn a_link_in_the_place_of_the_new_content_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        write_new(&victim, b"mine", 0o644).unwrap();
        symlink(&victim, &folder.path().join(".file.tmp")).unwrap();
        write_atomic(&folder.path().join("file"), b"whole", Durability::Lazy).unwrap();
        assert_eq!(read(&victim).unwrap(), b"mine");
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
