//! Links, symbolic and hard.

use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};
use rustix::io::Errno;

use super::{Action, FsError};

/// How a file came to have a second name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// Both names share the bytes.
    Hard,
    /// The file system would not link: the bytes were copied.
    Copied,
}

/// Makes a symbolic link at `path`, where nothing may be.
pub fn symlink(target: &Path, path: &Path) -> Result<(), FsError> {
    rustix::fs::symlink(target, path).map_err(|errno| FsError::new(Action::Link, path, errno))
}

/// Makes `path` a symbolic link to `target` in one step, and returns what it pointed to before.
///
/// At every instant `path` is the old link or the new one. Anything but a link at `path` is an error, and stays.
pub fn replace_symlink(path: &Path, target: &Path) -> Result<Option<PathBuf>, FsError> {
    let old = match read_link(path) {
        Ok(old) => Some(old),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let temporary = super::file::beside(path);
    symlink(target, &temporary)?;
    if let Err(errno) = rustix::fs::rename(&temporary, path) {
        let _ = rustix::fs::unlink(&temporary);
        return Err(FsError::new(Action::Link, path, errno));
    }
    Ok(old)
}

/// Returns what a symbolic link points to, as it is written in it.
pub fn read_link(path: &Path) -> Result<PathBuf, FsError> {
    match rustix::fs::readlink(path, Vec::new()) {
        Ok(target) => Ok(PathBuf::from(std::ffi::OsString::from_vec(target.into_bytes()))),
        Err(errno) => Err(FsError::new(Action::Read, path, errno)),
    }
}

/// Gives a file a second name, or a copy where its file system refuses: another disk, too many links, no support.
pub fn hard_link_or_copy(from: &Path, to: &Path) -> Result<Linked, FsError> {
    match rustix::fs::linkat(CWD, from, CWD, to, AtFlags::empty()) {
        Ok(()) => Ok(Linked::Hard),
        Err(errno) if wants_copy(errno) => super::copy(from, to).map(|()| Linked::Copied),
        Err(errno) => Err(FsError::new(Action::Link, to, errno)),
    }
}

/// Tells whether a refusal to link means that a copy may work.
pub(super) fn wants_copy(errno: Errno) -> bool {
    [Errno::XDEV, Errno::PERM, Errno::MLINK, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS].contains(&errno)
}

#[cfg(test)]
mod tests {
    use super::super::{create_dir_all, lstat, read_dir, write_new};
    use super::*;

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
        assert_eq!(super::super::read(&file).unwrap(), b"mine");
        assert_eq!(read_dir(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn a_hard_link_shares_the_file_and_refuses_a_taken_name() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        write_new(&from, b"x", 0o444).unwrap();
        assert_eq!(hard_link_or_copy(&from, &to).unwrap(), Linked::Hard);
        assert_eq!(lstat(&from).unwrap().unwrap().ino, lstat(&to).unwrap().unwrap().ino);
        assert!(hard_link_or_copy(&from, &to).unwrap_err().is_occupied());
    }

    #[test]
    fn refusals_of_a_file_system_ask_for_a_copy_and_real_errors_do_not() {
        assert!([Errno::XDEV, Errno::MLINK, Errno::PERM, Errno::OPNOTSUPP].into_iter().all(wants_copy));
        assert!(![Errno::NOSPC, Errno::NOENT, Errno::EXIST, Errno::ROFS].into_iter().any(wants_copy));
    }
}
