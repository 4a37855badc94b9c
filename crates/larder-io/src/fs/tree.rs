//! Removing whole folders.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Action, Dir, FsError, random_name};

/// Removes a file, a link or a folder with everything in it. A missing path is no error.
///
/// Links are removed, never followed. Folders without write permission are made writable first. Another process may
/// remove the same tree at the same time.
pub fn remove_tree(path: &Path) -> Result<(), FsError> {
    remove_at(CWD, path, path)
}

impl Dir {
    /// Removes `name` in this folder: see [`remove_tree`].
    pub fn remove_tree(&self, name: &Path) -> Result<(), FsError> {
        remove_at(self.fd().as_fd(), name, &self.path().join(name))
    }
}

/// Removes `name` in the folder `at`. `path` is for messages.
fn remove_at(at: BorrowedFd<'_>, name: &Path, path: &Path) -> Result<(), FsError> {
    match rustix::fs::unlinkat(at, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // Linux says ISDIR, macOS PERM.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(FsError::new(Action::Remove, path, errno)),
    }
    // An explicit stack: a hostile tree may be deeper than the thread's.
    let mut stack = vec![Level::open(at, name, path)?];
    while let Some(level) = stack.last_mut() {
        if let Some(name) = level.folders.pop() {
            if stack.len() > DEEPEST {
                lift(&mut stack, &name)?;
                continue;
            }
            let Some(level) = stack.last() else { break };
            let path = level.path.join(std::ffi::OsStr::from_bytes(name.as_bytes()));
            let inner = Level::open_named(level.fd.as_fd(), &name, path)?;
            stack.push(inner);
        } else {
            let path = std::mem::take(&mut level.path);
            stack.pop();
            let removed = match (stack.last(), path.file_name()) {
                (Some(above), Some(inner)) => rustix::fs::unlinkat(&above.fd, inner, AtFlags::REMOVEDIR),
                _ => rustix::fs::unlinkat(at, name, AtFlags::REMOVEDIR),
            };
            match removed {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(FsError::new(Action::Remove, path, errno)),
            }
        }
    }
    Ok(())
}

/// Each level is an open folder, and a process may have few: what lies deeper is moved up first.
const DEEPEST: usize = 100;

/// Moves a folder of the last level into the first one.
fn lift(stack: &mut [Level], name: &CStr) -> Result<(), FsError> {
    let [first, .., last] = stack else { return Ok(()) };
    let failed = |errno| FsError::new(Action::Remove, &first.path, errno);
    let lifted = CString::new(format!(".{}", random_name())).map_err(|_| failed(Errno::INVAL))?;
    // Moving a folder changes what `..` is in it.
    match rustix::fs::chmodat(&last.fd, name, Mode::RWXU, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(failed(errno)),
    }
    match rustix::fs::renameat(&last.fd, name, &first.fd, lifted.as_c_str()) {
        Ok(()) => first.folders.push(lifted),
        Err(Errno::NOENT) => {}
        Err(errno) => return Err(failed(errno)),
    }
    Ok(())
}

/// A folder whose files are removed, with the folders that are left in it.
struct Level {
    fd: OwnedFd,
    path: PathBuf,
    folders: Vec<CString>,
}

impl Level {
    fn open(at: impl AsFd, name: &Path, path: &Path) -> Result<Self, FsError> {
        let name =
            CString::new(name.as_os_str().as_bytes()).map_err(|_| FsError::new(Action::Remove, path, Errno::INVAL))?;
        Self::open_named(at, &name, path.to_owned())
    }

    fn open_named(at: impl AsFd, name: &CString, path: PathBuf) -> Result<Self, FsError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let at = at.as_fd();
        let opened = rustix::fs::openat(at, name.as_c_str(), flags, Mode::empty()).or_else(|errno| match errno {
            Errno::ACCESS => {
                rustix::fs::chmodat(at, name.as_c_str(), Mode::RWXU, AtFlags::empty())?;
                rustix::fs::openat(at, name.as_c_str(), flags, Mode::empty())
            }
            errno => Err(errno),
        });
        let mut level = match opened {
            Ok(fd) => Self { fd, path, folders: Vec::new() },
            Err(errno) => return Err(FsError::new(Action::Remove, path, errno)),
        };
        match level.remove_files() {
            Ok(()) => Ok(level),
            Err(errno) => Err(FsError::new(Action::Remove, level.path, errno)),
        }
    }

    fn remove_files(&mut self) -> Result<(), Errno> {
        let mut made_writable = false;
        for entry in rustix::fs::Dir::read_from(&self.fd)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            if entry.file_type() == FileType::Directory {
                self.folders.push(name.to_owned());
                continue;
            }
            let mut removed = rustix::fs::unlinkat(&self.fd, name, AtFlags::empty());
            if removed == Err(Errno::ACCESS) && !made_writable {
                made_writable = true;
                rustix::fs::fchmod(&self.fd, Mode::RWXU)?;
                removed = rustix::fs::unlinkat(&self.fd, name, AtFlags::empty());
            }
            match removed {
                Ok(()) | Err(Errno::NOENT) => {}
                // Some file systems do not report the kind in a listing.
                Err(Errno::ISDIR | Errno::PERM) if entry.file_type() == FileType::Unknown => {
                    self.folders.push(name.to_owned());
                }
                Err(errno) => return Err(errno),
            }
        }
        if !self.folders.is_empty() && !made_writable {
            // To remove the folders in it, it must be writable.
            let stat = rustix::fs::fstat(&self.fd)?;
            if Mode::from_raw_mode(stat.st_mode) & Mode::RWXU != Mode::RWXU {
                rustix::fs::fchmod(&self.fd, Mode::RWXU)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{create_dir_all, lstat, symlink, write_new};
    use super::*;

    #[test]
    fn a_tree_goes_with_read_only_folders_and_what_links_lead_to_stays() {
        let root = tempfile::tempdir().unwrap();
        let (tree, outside) = (root.path().join("tree"), root.path().join("outside"));
        create_dir_all(&tree.join("a/b/c")).unwrap();
        create_dir_all(&outside).unwrap();
        write_new(&outside.join("kept"), b"", 0o444).unwrap();
        write_new(&tree.join("a/b/file"), b"", 0o444).unwrap();
        symlink(&outside, &tree.join("a/link")).unwrap();
        for folder in ["a/b/c", "a/b", "a"] {
            rustix::fs::chmod(tree.join(folder), Mode::from_raw_mode(0o500)).unwrap();
        }
        remove_tree(&tree).unwrap();
        remove_tree(&tree).unwrap();
        assert!(lstat(&tree).unwrap().is_none());
        assert!(lstat(&outside.join("kept")).unwrap().is_some());
    }
}
