//! Whole small files, and files that are read as streams: what caches and folder registries need.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// Reads a whole file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// Opens a file to be read from its beginning, and returns its size; none where it is not a file.
pub fn open(path: &Path) -> io::Result<Option<(impl Read + Send + use<>, u64)>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    Ok(if metadata.is_file() { Some((file, metadata.len())) } else { None })
}

/// Puts a file in place whole: readers see the old content or the new one. Folders are made as needed. It is not
/// durable: what is written may be lost with the machine's power, but never torn.
pub fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = match tempfile::NamedTempFile::new_in(folder) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            tempfile::NamedTempFile::new_in(folder)?
        }
        Err(error) => return Err(error),
    };
    for part in parts {
        file.write_all(part)?;
    }
    file.persist(path)?;
    Ok(())
}
