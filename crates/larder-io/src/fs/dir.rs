//! An open folder: work on many files below it without resolving its path for each.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::link::wants_copy;
use super::{Action, DirEntry, FsError, Kind, Linked, Stat};

/// An open folder. Names are relative to it and may have several parts; the last part is never followed through a link
/// when something is created.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// Opens a folder.
    pub fn open(path: &Path) -> Result<Self, FsError> {
        match rustix::fs::openat(CWD, path, FOLDER, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path: path.to_owned() }),
            Err(errno) => Err(FsError::new(Action::List, path, errno)),
        }
    }

    /// Returns the path that the folder was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a folder below this one. A link is an error.
    pub fn open_dir(&self, name: &str) -> Result<Self, FsError> {
        match rustix::fs::openat(&self.fd, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path: self.path.join(name) }),
            Err(errno) => Err(self.error(Action::List, name, errno)),
        }
    }

    /// Creates a folder. An existing one is an error ([`FsError::is_occupied`]).
    pub fn create_dir(&self, name: &str) -> Result<(), FsError> {
        rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(0o777))
            .map_err(|errno| self.error(Action::CreateFolder, name, errno))
    }

    /// Opens a file for reading. A link is an error.
    pub fn open_file(&self, name: &str) -> Result<File, FsError> {
        rustix::fs::openat(&self.fd, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
            .map(File::from)
            .map_err(|errno| self.error(Action::Read, name, errno))
    }

    /// Creates a file for writing with these permission bits (less the umask). A taken name is an error
    /// ([`FsError::is_occupied`]).
    pub fn create_file(&self, name: &str, mode: u32) -> Result<File, FsError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, name, flags, mode_bits(mode))
            .map(File::from)
            .map_err(|errno| self.error(Action::Write, name, errno))
    }

    /// Opens a file to write at its end, and creates it if it does not exist. Anything but a regular file is an error.
    pub fn open_end(&self, name: &str) -> Result<File, FsError> {
        let flags =
            OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.fd, name, flags, mode_bits(0o666)).map(File::from);
        let file = opened.map_err(|errno| self.error(Action::Write, name, errno))?;
        match Stat::of(&file) {
            Ok(stat) if stat.kind == Kind::File => Ok(file),
            Ok(_) => Err(self.error(Action::Write, name, Errno::INVAL)),
            Err(error) => Err(FsError::new(Action::Write, self.path.join(name), error)),
        }
    }

    /// Creates a file with its content and returns its `Stat`. A taken name is an error ([`FsError::is_occupied`]).
    pub fn write_file(&self, name: &str, mode: u32, content: &[u8]) -> Result<Stat, FsError> {
        let mut file = self.create_file(name, mode).map_err(|error| error.needing_file_space(content.len()))?;
        file.write_all(content)
            .and_then(|()| Stat::of(&file))
            .map_err(|error| FsError::new(Action::Write, self.path.join(name), error).needing_file_space(content.len()))
    }

    /// Creates a file for reading and writing and unlinks it at once: closing it frees its space.
    pub fn scratch_file(&self, name: &str) -> Result<File, FsError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.fd, name, flags, mode_bits(0o600))
            .map_err(|errno| self.error(Action::Write, name, errno))?;
        self.remove_file(name)?;
        Ok(file.into())
    }

    /// Sets the modification time, in nanoseconds since 1970.
    pub fn set_mtime(&self, name: &str, mtime: i64) -> Result<(), FsError> {
        rustix::fs::utimensat(&self.fd, name, &timestamps(mtime), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| self.error(Action::Write, name, errno))
    }

    /// Returns whether `path` still leads to this folder, which may have been renamed or removed since it was opened.
    pub fn is_at(&self, path: &Path) -> Result<bool, FsError> {
        let own = rustix::fs::fstat(&self.fd).map_err(|errno| FsError::new(Action::Inspect, path, errno))?;
        let own = Stat::from_raw(&own);
        Ok(super::stat(path)?.is_some_and(|named| (named.ino, named.device) == (own.ino, own.device)))
    }

    /// Inspects `name` without following a link. Returns `None` if nothing is there.
    pub fn stat(&self, name: &str) -> Result<Option<Stat>, FsError> {
        match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(raw) => Ok(Some(Stat::from_raw(&raw))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(self.error(Action::Inspect, name, errno)),
        }
    }

    /// Lists the folder, sorted by name; links are listed and not followed.
    pub fn list(&self) -> Result<Vec<DirEntry>, FsError> {
        let failed = |errno| FsError::new(Action::List, &self.path, errno);
        let mut found = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not report the kind in a listing.
                FileType::Unknown => match rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(raw) => Stat::from_raw(&raw).kind,
                    Err(Errno::NOENT) => continue,
                    Err(errno) => return Err(failed(errno)),
                },
                kind => kind.into(),
            };
            found.push(DirEntry { path: name.into(), kind });
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Creates a symbolic link. A taken name is an error.
    pub fn symlink(&self, target: &Path, name: &str) -> Result<(), FsError> {
        rustix::fs::symlinkat(target, &self.fd, name).map_err(|errno| self.error(Action::Link, name, errno))
    }

    /// Gives `from/from_name` the name `name` in this folder, or a copy where the file system refuses a hard link.
    pub fn link_or_copy(&self, from: &Self, from_name: &str, name: &str) -> Result<Linked, FsError> {
        match rustix::fs::linkat(&from.fd, from_name, &self.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(Linked::Hard),
            Err(errno) if wants_copy(errno) => self.copy(from, from_name, name).map(|()| Linked::Copied),
            Err(errno) => Err(self.error(Action::Link, name, errno)),
        }
    }

    /// Copies `from/from_name` to `name` in this folder, with its permission bits and its time.
    pub fn copy(&self, from: &Self, from_name: &str, name: &str) -> Result<(), FsError> {
        let mut source = from.open_file(from_name)?;
        let stat = rustix::fs::fstat(&source).map_err(|errno| from.error(Action::Inspect, from_name, errno))?;
        let stat = Stat::from_raw(&stat);
        let mut target = self.create_file(name, stat.mode)?;
        io::copy(&mut source, &mut target).map_err(|error| FsError::new(Action::Write, self.path.join(name), error))?;
        rustix::fs::futimens(&target, &timestamps(stat.mtime)).map_err(|errno| self.error(Action::Write, name, errno))
    }

    /// Renames within this folder. A file at the new name is replaced; a folder only if it is empty.
    pub fn rename(&self, name: &str, to: &str) -> Result<(), FsError> {
        rustix::fs::renameat(&self.fd, name, &self.fd, to).map_err(|errno| self.error(Action::Rename, name, errno))
    }

    /// Exchanges two names within this folder, in one step if the file system can.
    pub fn exchange(&self, name: &str, other: &str) -> Result<(), FsError> {
        match rustix::fs::renameat_with(&self.fd, name, &self.fd, other, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                let aside = format!("{name}.aside");
                self.rename(other, &aside)?;
                self.rename(name, other)?;
                self.rename(&aside, name)
            }
            done => done.map_err(|errno| self.error(Action::Rename, name, errno)),
        }
    }

    /// Removes a file or a link. A missing one is no error.
    pub fn remove_file(&self, name: &str) -> Result<(), FsError> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.error(Action::Remove, name, errno)),
        }
    }

    /// Removes a folder if it is empty. One that is missing or not empty is no error.
    pub fn remove_dir(&self, name: &str) -> Result<(), FsError> {
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            Err(errno) => Err(self.error(Action::Remove, name, errno)),
        }
    }

    pub(super) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    fn error(&self, action: Action, name: &str, errno: Errno) -> FsError {
        FsError::new(action, self.path.join(name), errno)
    }
}

fn timestamps(mtime: i64) -> Timestamps {
    const NANOS: i64 = 1_000_000_000;
    let mtime = Timespec { tv_sec: mtime.div_euclid(NANOS), tv_nsec: mtime.rem_euclid(NANOS) as _ };
    Timestamps { last_access: mtime, last_modification: mtime }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

#[allow(clippy::unnecessary_cast, reason = "permission bits are 16 wide on macOS")]
fn mode_bits(mode: u32) -> Mode {
    Mode::from_raw_mode(mode as _)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_created_once_linked_and_copied_under_a_handle() {
        let root = tempfile::tempdir().unwrap();
        let root = Dir::open(root.path()).unwrap();
        root.create_dir("a").unwrap();
        assert!(root.create_dir("a").unwrap_err().is_occupied());
        let a = root.open_dir("a").unwrap();
        a.create_file("one", 0o444).unwrap().write_all(b"1").unwrap();
        assert!(a.create_file("one", 0o444).unwrap_err().is_occupied());

        assert_eq!(root.link_or_copy(&a, "one", "linked").unwrap(), Linked::Hard);
        root.copy(&a, "one", "copied").unwrap();
        let (one, linked, copied) =
            (a.stat("one").unwrap(), root.stat("linked").unwrap(), root.stat("copied").unwrap());
        assert_eq!(one.unwrap().ino, linked.unwrap().ino);
        let (one, copied) = (one.unwrap(), copied.unwrap());
        assert_ne!(one.ino, copied.ino);
        assert_eq!((one.size, one.mtime, one.mode), (copied.size, copied.mtime, copied.mode));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn another_disk_gets_a_copy() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
        let (here, there) = (Dir::open(here.path()).unwrap(), Dir::open(there.path()).unwrap());
        let stat = here.write_file("file", 0o444, b"x").unwrap();
        let linked = there.link_or_copy(&here, "file", "file").unwrap();
        let copy = there.stat("file").unwrap().unwrap();
        assert_eq!((copy.size, copy.mtime, copy.mode), (stat.size, stat.mtime, stat.mode));
        let expected = if copy.device == stat.device { Linked::Hard } else { Linked::Copied };
        assert_eq!(linked, expected);
    }

    #[test]
    fn links_are_not_followed_to_folders_or_files() {
        let root = tempfile::tempdir().unwrap();
        let root = Dir::open(root.path()).unwrap();
        root.symlink(Path::new("/"), "out").unwrap();
        root.symlink(Path::new("/etc/passwd"), "file").unwrap();
        assert!(root.open_dir("out").is_err());
        assert!(root.open_file("file").is_err());
    }
}
