//! Metadata of files.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{AtFlags, CWD, FileType};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::{Action, FsError};

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A socket, a pipe, a device.
    Other,
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Folder,
            FileType::Symlink => Self::Symlink,
            _ => Self::Other,
        }
    }
}

/// The metadata of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The kind of file.
    pub kind: Kind,
    /// The size in bytes.
    pub size: u64,
    /// The modification time, in nanoseconds since 1970.
    pub mtime: i64,
    /// The permission bits.
    pub mode: u32,
    /// The inode number, unique within `device`.
    pub ino: u64,
    /// The ID of its file system.
    pub device: u64,
    /// The number of hard links.
    pub links: u64,
    /// The ID of the user who owns it.
    pub user: u32,
    /// The ID of the group that it belongs to.
    pub group: u32,
}

impl Stat {
    /// Returns whether anybody may execute it.
    pub fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }

    /// Returns whether it is a file that anybody may execute.
    pub fn is_program(&self) -> bool {
        self.kind == Kind::File && self.is_executable()
    }

    /// Inspects an open file.
    pub fn of(file: &File) -> io::Result<Self> {
        Ok(Self::from_raw(&rustix::fs::fstat(file)?))
    }

    // The widths of these fields differ between systems; none is narrower than what it is read into.
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, clippy::cast_possible_wrap)]
    pub(super) fn from_raw(raw: &rustix::fs::Stat) -> Self {
        Self {
            kind: FileType::from_raw_mode(raw.st_mode).into(),
            size: raw.st_size as u64,
            mtime: (raw.st_mtime as i64).wrapping_mul(1_000_000_000).wrapping_add(raw.st_mtime_nsec as i64),
            mode: raw.st_mode as u32 & 0o7777,
            ino: raw.st_ino as u64,
            device: raw.st_dev as u64,
            links: raw.st_nlink as u64,
            user: raw.st_uid as u32,
            group: raw.st_gid as u32,
        }
    }
}

/// What tells whether a file was written to: a copy of another file, or the same one changed, has another stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    /// When the content changed, in nanoseconds since 1970. Programs set it as they like.
    modified: i64,
    /// When anything about the file changed. The system sets it.
    changed: i64,
}

impl Stamp {
    /// How long a file has to stand still: what is written twice within the system's tick has the same times.
    const SETTLED: i64 = 2_000_000_000;

    /// Returns the stamp of the regular file at `path`, following links. Returns `None` if there is none, or if it changed a moment
    /// ago and could change again with the same stamp.
    pub fn of(path: &Path) -> Option<Self> {
        Self::unchanged_since(path, Kind::File, SystemTime::now())
    }

    /// Returns the stamp of the file or folder at `path`, following links, if it is of this kind and did not change since `time`, nor
    /// a moment before. What was read of it after `time` is what this stamp stands for.
    pub fn unchanged_since(path: &Path, kind: Kind, time: SystemTime) -> Option<Self> {
        let raw = rustix::fs::statat(CWD, path, AtFlags::empty()).ok()?;
        let stat = Stat::from_raw(&raw);
        #[allow(clippy::unnecessary_cast, clippy::cast_possible_wrap, reason = "the widths differ between systems")]
        let changed = (raw.st_ctime as i64).wrapping_mul(1_000_000_000).wrapping_add(raw.st_ctime_nsec as i64);
        let time = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let time = i64::try_from(time.as_nanos()).ok()?;
        (stat.kind == kind && changed.max(stat.mtime).checked_add(Self::SETTLED)? < time).then_some(Self {
            device: stat.device,
            inode: stat.ino,
            size: stat.size,
            modified: stat.mtime,
            changed,
        })
    }

    /// Returns the stamp as bytes, which are others of another stamp.
    pub fn to_bytes(self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let numbers = [self.device, self.inode, self.size, self.modified.cast_unsigned(), self.changed.cast_unsigned()];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }
}

/// Inspects `path`, following links. Returns `None` if nothing is there, or a link leads to nothing.
pub fn stat(path: &Path) -> Result<Option<Stat>, FsError> {
    inspect(path, AtFlags::empty())
}

/// Inspects `path` without following a link. Returns `None` if nothing is there.
pub fn lstat(path: &Path) -> Result<Option<Stat>, FsError> {
    inspect(path, AtFlags::SYMLINK_NOFOLLOW)
}

fn inspect(path: &Path, flags: AtFlags) -> Result<Option<Stat>, FsError> {
    match rustix::fs::statat(CWD, path, flags) {
        Ok(raw) => Ok(Some(Stat::from_raw(&raw))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(errno) => Err(FsError::new(Action::Inspect, path, errno)),
    }
}
