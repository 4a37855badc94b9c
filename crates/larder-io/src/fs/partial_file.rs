//! A file that is read in parts: its beginning at once, others on demand.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{Action, FsError, Stat};

/// A file whose beginning was read. It is not kept open, as thousands of them would exceed the limit of a process; a
/// replaced file is noticed.
#[derive(Clone, Debug)]
pub struct PartialFile {
    path: PathBuf,
    stat: Stat,
}

/// The size of the first read: enough for most files, and small enough for the stack.
const FIRST: usize = 8 << 10;

impl PartialFile {
    /// Reads the beginning of a file: as many bytes as `enough` returns for its first 8 KiB, or all if it is shorter.
    /// Returns `None` if it does not exist.
    pub fn open(path: &Path, enough: impl FnOnce(&[u8]) -> usize) -> Result<Option<(Self, Vec<u8>)>, FsError> {
        let failed = |error| FsError::new(Action::Read, path, error);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        let stat = Stat::of(&file).map_err(failed)?;
        let bounded = |count: usize| count.min(usize::try_from(stat.size).unwrap_or(usize::MAX));
        let mut beginning = [0; FIRST];
        let read = bounded(FIRST);
        file.read_exact_at(&mut beginning[..read], 0).map_err(failed)?;
        let wanted = if read < FIRST { read } else { bounded(enough(&beginning)) };
        let mut bytes = beginning[..read.min(wanted)].to_vec();
        if wanted > read {
            bytes.resize(wanted, 0);
            file.read_exact_at(&mut bytes[read..], read as u64).map_err(failed)?;
        }
        Ok(Some((Self { path: path.to_owned(), stat }, bytes)))
    }

    /// Returns the file's size.
    pub fn size(&self) -> u64 {
        self.stat.size
    }

    /// Reads a part. Returns `None` if the file was replaced, or is too short.
    pub fn read(&self, start: u64, length: u64) -> Result<Option<Vec<u8>>, FsError> {
        let failed = |error| FsError::new(Action::Read, &self.path, error);
        let within = start.checked_add(length).is_some_and(|end| end <= self.stat.size);
        let (true, Ok(length)) = (within, usize::try_from(length)) else { return Ok(None) };
        let file = super::open(&self.path)?;
        let now = Stat::of(&file).map_err(failed)?;
        if (now.ino, now.device, now.size, now.mtime)
            != (self.stat.ino, self.stat.device, self.stat.size, self.stat.mtime)
        {
            return Ok(None);
        }
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, start).map_err(failed)?;
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Durability, write_atomic};
    use super::*;

    #[test]
    fn parts_are_of_the_file_that_was_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(PartialFile::open(&path, <[u8]>::len).unwrap().is_none());
        write_atomic(&path, b"0123456789", Durability::Lazy).unwrap();
        let (file, first) = PartialFile::open(&path, |first| first.len() - 4).unwrap().unwrap();
        assert_eq!((&*first, file.size()), (&b"0123456789"[..], 10));
        assert_eq!(file.read(6, 3).unwrap().unwrap(), b"678");
        assert_eq!(file.read(6, 5).unwrap(), None);
        let long: Vec<u8> = (0..50_000_u32).map(|i| (i % 251) as u8).collect();
        let path = folder.path().join("long");
        write_atomic(&path, &long, Durability::Lazy).unwrap();
        for wanted in [10, 40_000, 50_000, 60_000] {
            assert_eq!(PartialFile::open(&path, |_| wanted).unwrap().unwrap().1, long[..wanted.min(50_000)]);
        }
        let path = folder.path().join("file");
        write_atomic(&path, b"9876543210", Durability::Lazy).unwrap();
        assert_eq!(file.read(6, 3).unwrap(), None);
    }
}
