//! Errors of the file system, with advice.

use std::fmt;
use std::io;
use std::path::PathBuf;

use rustix::io::Errno;

use super::disk_space::{self, Demand, Exhausted};
use crate::diagnostic::{Exit, Failure};

/// An operation on a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reading a file or a link.
    Read,
    /// Creating or writing a file.
    Write,
    /// Creating a folder.
    CreateFolder,
    /// Opening or listing a folder.
    List,
    /// Asking for size, time or kind.
    Inspect,
    /// Making a hard or symbolic link.
    Link,
    /// Renaming.
    Rename,
    /// Removing a file or a folder.
    Remove,
    /// Taking an advisory lock.
    Lock,
    /// Writing caches of the system to disk.
    Sync,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::CreateFolder => "create folder",
            Self::List => "open folder",
            Self::Inspect => "inspect",
            Self::Link => "link",
            Self::Rename => "rename",
            Self::Remove => "remove",
            Self::Lock => "lock",
            Self::Sync => "write to disk",
        })
    }
}

/// The machine refused an operation on a file or folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`", path.display())]
pub struct FsError {
    /// The operation that failed.
    pub action: Action,
    /// The file or folder.
    pub path: PathBuf,
    /// The reason that the system gave.
    pub source: io::Error,
    /// The disk space that the operation needs, if known.
    pub demand: Option<Demand>,
    /// The resource that was used up, if that is why it failed.
    exhausted: Option<Exhausted>,
}

impl FsError {
    /// Joins an operation with the reason that it failed.
    pub fn new(action: Action, path: impl Into<PathBuf>, source: impl Into<io::Error>) -> Self {
        let (path, source) = (path.into(), source.into());
        Self { exhausted: Exhausted::of(&source, &path), action, path, source, demand: None }
    }

    /// Returns whether there is no file that could be read: none at all, something else, or one that is larger than the limit.
    pub(super) fn is_of_no_file(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound};

        let kind = self.source.kind();
        matches!(kind, FileTooLarge | InvalidFilename | InvalidInput | IsADirectory | NotADirectory | NotFound)
            || self.source.raw_os_error() == Some(Errno::LOOP.raw_os_error())
    }

    /// Returns whether there is no such file or folder.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// Returns whether the name is taken: by a folder with content, or by something that a folder cannot replace.
    pub fn is_occupied(&self) -> bool {
        use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};

        let taken = matches!(self.source.kind(), AlreadyExists | DirectoryNotEmpty);
        taken || (self.action == Action::Rename && self.source.kind() == NotADirectory)
    }

    /// Returns whether the path holds something other than a file that larder writes: see [`read_record`](super::read_record).
    pub fn is_wrong_kind(&self) -> bool {
        self.source.kind() == io::ErrorKind::InvalidData
    }

    /// Returns whether the path cannot be written: by this user, or by anybody.
    pub fn is_read_only(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
    }

    /// Returns whether the disk, or the user's quota, is full.
    pub fn is_disk_full(&self) -> bool {
        self.exhausted.is_some()
    }

    fn errno(&self) -> Option<Errno> {
        Errno::from_io_error(&self.source)
    }
}

impl FsError {
    /// Adds how much space was needed, if the disk was full.
    #[must_use]
    pub fn needing(mut self, demand: Demand) -> Self {
        let is_more = |known: Demand| (demand.bytes, demand.files) > (known.bytes, known.files);
        if self.is_disk_full() && self.demand.is_none_or(is_more) {
            self.demand = Some(demand);
        }
        self
    }

    /// Adds that there was no space for a file of this size, which may be one of several.
    #[must_use]
    pub(super) fn needing_file_space(self, size: usize) -> Self {
        if !self.is_disk_full() {
            return self;
        }
        let demand = Demand::on(&self.path).file(size as u64);
        self.needing(demand)
    }

    /// Marks the space needed as exact: nothing else was to be written.
    #[must_use]
    pub(super) fn with_exact_space(mut self) -> Self {
        self.demand = self.demand.map(Demand::exact);
        self
    }
}

impl miette::Diagnostic for FsError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let code = match self.source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "larder::fs::disk_full",
            io::ErrorKind::PermissionDenied => "larder::fs::permission",
            io::ErrorKind::ReadOnlyFilesystem => "larder::fs::read_only",
            io::ErrorKind::NotFound => "larder::fs::not_found",
            _ => "larder::fs::io",
        };
        Some(Box::new(code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        if let Some(exhausted) = self.exhausted {
            return Some(Box::new(disk_space::advice(exhausted, &self.path, self.demand)));
        }
        let text = match self.source.kind() {
            io::ErrorKind::PermissionDenied => {
                "this user has no permission: check owner and mode of the path and of the folders above it"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "the file system is mounted read-only: write elsewhere, or mount it so that it can be written. Where the path is the store's or the cache's, LARDER_STORE and LARDER_CACHE name other folders"
            }
            _ if matches!(self.errno(), Some(Errno::MFILE | Errno::NFILE)) => {
                "too many files are open: raise the limit (`ulimit -n`)"
            }
            _ => return None,
        };
        Some(Box::new(text))
    }
}

impl Failure for FsError {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic;

    use super::*;

    #[test]
    fn a_full_disk_is_named_and_told_how_much_is_needed_and_free() {
        let error = FsError::new(Action::Write, "/tmp/none/such/file", Errno::NOSPC);
        assert!(error.is_disk_full());
        assert_eq!(error.exit(), Exit::Machine);
        assert_eq!(error.to_string(), "cannot write `/tmp/none/such/file`");
        let help = error.help().unwrap().to_string();
        assert!(help.starts_with("at least ") && help.contains(" are needed and "), "{help}");
    }

    #[test]
    fn a_folder_with_content_counts_as_occupied() {
        assert!(FsError::new(Action::Rename, "/x", Errno::NOTEMPTY).is_occupied());
        assert!(FsError::new(Action::Rename, "/x", Errno::EXIST).is_occupied());
        assert!(FsError::new(Action::Rename, "/x", Errno::NOTDIR).is_occupied());
        assert!(!FsError::new(Action::Rename, "/x", Errno::NOENT).is_occupied());
        assert!(!FsError::new(Action::Link, "/x", Errno::NOTDIR).is_occupied());
    }

    #[test]
    fn a_larger_demand_replaces_a_smaller_one_and_other_errors_have_none() {
        let full = || FsError::new(Action::Write, "/tmp/x", Errno::DQUOT);
        let (small, large) =
            (Demand::on(std::path::Path::new("/tmp")).file(1), Demand::on(std::path::Path::new("/tmp")).file(1 << 20));
        assert_eq!(full().needing(small).needing(large).needing(small).demand, Some(large));
        let other = FsError::new(Action::Write, "/tmp/x", Errno::IO);
        assert_eq!(other.needing(large).demand, None);
    }
}
