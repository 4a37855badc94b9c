//! Links, symbolic and hard.

use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD};
use rustix::io::Errno;

use super::{Action, FsError};

/// How a file got a second name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// Both names share the bytes.
    Hard,
    /// The bytes were copied, as the file system refused a hard link.
    Copied,
}

/// Creates a symbolic link at `path`. A taken name is an error.
pub fn symlink(target: &Path, path: &Path) -> Result<(), FsError> {
    rustix::fs::symlink(target, path).map_err(|errno| FsError::new(Action::Link, path, errno))
}

/// Returns what a symbolic link points to, as it is written in it.
pub fn read_link(path: &Path) -> Result<PathBuf, FsError> {
    match rustix::fs::readlink(path, Vec::new()) {
        Ok(target) => Ok(PathBuf::from(std::ffi::OsString::from_vec(target.into_bytes()))),
        Err(errno) => Err(FsError::new(Action::Read, path, errno)),
    }
}

/// Hard-links a file, or copies it if its file system refuses: another disk, too many links, no support.
pub fn hard_link_or_copy(from: &Path, to: &Path) -> Result<Linked, FsError> {
    match rustix::fs::linkat(CWD, from, CWD, to, AtFlags::empty()) {
        Ok(()) => Ok(Linked::Hard),
        Err(errno) if wants_copy(errno) => super::copy(from, to).map(|()| Linked::Copied),
        Err(errno) => Err(FsError::new(Action::Link, to, errno)),
    }
}

/// Returns whether a copy may work after a hard link was refused with this error.
pub(super) fn wants_copy(errno: Errno) -> bool {
    [Errno::XDEV, Errno::PERM, Errno::MLINK, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS].contains(&errno)
}

#[cfg(test)]
mod tests {
    use super::super::{lstat, write_new};
    use super::*;

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
