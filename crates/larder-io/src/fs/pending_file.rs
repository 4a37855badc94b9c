//! A file that is written piece by piece, and is there only when it is whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::replace::{open_temporary, rename_into_place};
use super::{Action, Durability, FsError};

/// A file that is written piece by piece beside its place, as `.<name>.tmp`. [`PendingFile::commit`] renames it there; if it is
/// dropped before, it is removed. What a kill leaves is taken over by the next writer of the same file.
#[derive(Debug)]
pub struct PendingFile {
    file: File,
    path: PathBuf,
    temporary: PathBuf,
    committed: bool,
}

impl PendingFile {
    /// Begins a file. The folder must exist.
    pub fn create(path: &Path) -> Result<Self, FsError> {
        let (file, temporary) = open_temporary(path).map_err(|error| FsError::new(Action::Write, path, error))?;
        Ok(Self { file, path: path.to_owned(), temporary, committed: false })
    }

    /// Returns the error for a write that failed.
    pub fn failed(&self, error: io::Error) -> FsError {
        FsError::new(Action::Write, &self.path, error)
    }

    /// Puts the file in its place, in one step.
    pub fn commit(mut self, durability: Durability) -> Result<(), FsError> {
        let placed = rename_into_place(&self.file, &self.temporary, &self.path, durability);
        self.committed = placed.is_ok();
        placed.map_err(|error| self.failed(error))
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if !self.committed {
            // What stays is taken over by the next writer.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read, read_dir};
    use super::*;

    #[test]
    fn a_file_is_there_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut dropped = PendingFile::create(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(dropped);
        assert!(read_dir(folder.path()).unwrap().is_empty());
        for durability in [Durability::Lazy, Durability::Whole, Durability::Synced] {
            let mut whole = PendingFile::create(&path).unwrap();
            whole.write_all(b"whole").unwrap();
            whole.commit(durability).unwrap();
        }
        assert_eq!(read(&path).unwrap(), b"whole");
        assert_eq!(read_dir(folder.path()).unwrap().len(), 1);
    }
}
