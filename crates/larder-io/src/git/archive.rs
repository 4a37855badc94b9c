//! The files of a commit as a gzipped tar. The same files make the same bytes, on every machine and with every git: entries are
//! sorted, without times and owners, and nothing is compressed, as compressors differ.

use std::io::{self, Read, Write};

use crc32fast::Hasher;
use tar::{Builder, EntryType, Header};

use super::error::GitError;
use super::tree::{GitFile, GitFileKind, GitTree};

/// What Git LFS leaves in the place of a file.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
/// The most bytes of such a file.
const LARGEST_POINTER: u64 = 1024;

impl GitTree<'_> {
    /// Writes some of the files, given sorted, below one folder.
    pub fn write_archive<'f>(
        &self,
        files: impl Iterator<Item = &'f GitFile>,
        into: &mut dyn Write,
    ) -> Result<(), GitError> {
        let mut readers = Vec::new();
        for (repository, url) in &self.repositories {
            readers.push(self.program.objects(url, repository)?);
        }
        let broken = |error: io::Error| self.broken(&error);
        let mut archive = Builder::new(StoredGzip::new(into).map_err(broken)?);
        for file in files {
            let objects = &mut readers[file.repository];
            let size = objects.ask(&file.object).map_err(broken)?;
            if size != file.size {
                return Err(self.refused(&file.path, "is not of the size that its tree states"));
            }
            let path = format!("package/{}", file.path);
            if file.kind == GitFileKind::Link || size <= LARGEST_POINTER {
                let mut content = Vec::new();
                (&mut objects.output).take(size).read_to_end(&mut content).map_err(broken)?;
                if content.starts_with(LFS_POINTER) {
                    let reason = "is kept by Git LFS, and its content is elsewhere: larder fetches none from there";
                    return Err(self.refused(&file.path, reason));
                }
                self.append(&mut archive, file, &path, &content)?;
            } else {
                let mut header = header(file, size);
                let content = (&mut objects.output).take(size);
                archive.append_data(&mut header, &path, content).map_err(broken)?;
            }
            objects.pass().map_err(broken)?;
        }
        archive.into_inner().and_then(StoredGzip::finish).map_err(broken)
    }

    fn append(
        &self,
        archive: &mut Builder<StoredGzip<'_>>,
        file: &GitFile,
        path: &str,
        content: &[u8],
    ) -> Result<(), GitError> {
        let written = if file.kind == GitFileKind::Link {
            let target = std::str::from_utf8(content).map_err(|_| self.refused(&file.path, "is a link to no path"))?;
            archive.append_link(&mut header(file, 0), path, target)
        } else {
            archive.append_data(&mut header(file, content.len() as u64), path, content)
        };
        written.map_err(|error| self.refused(&file.path, format!("cannot be packed: {error}")))
    }
}

fn header(file: &GitFile, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mtime(0);
    header.set_mode(if file.kind == GitFileKind::Executable { 0o755 } else { 0o644 });
    header.set_entry_type(if file.kind == GitFileKind::Link { EntryType::Symlink } else { EntryType::Regular });
    header
}

/// A gzip stream (RFC 1952) whose blocks are stored as they are (RFC 1951, section 3.2.4).
struct StoredGzip<'w> {
    into: &'w mut dyn Write,
    block: Vec<u8>,
    checksum: Hasher,
    length: u32,
}

/// The most bytes of a stored block.
const BLOCK: usize = 0xffff;

impl<'w> StoredGzip<'w> {
    fn new(into: &'w mut dyn Write) -> io::Result<Self> {
        into.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])?;
        Ok(Self { into, block: Vec::with_capacity(BLOCK), checksum: Hasher::new(), length: 0 })
    }

    fn write_block(&mut self, is_last: bool) -> io::Result<()> {
        let length = u16::try_from(self.block.len()).unwrap_or(u16::MAX);
        self.into.write_all(&[u8::from(is_last)])?;
        self.into.write_all(&length.to_le_bytes())?;
        self.into.write_all(&(!length).to_le_bytes())?;
        self.into.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.write_block(true)?;
        self.into.write_all(&self.checksum.finalize().to_le_bytes())?;
        self.into.write_all(&self.length.to_le_bytes())
    }
}

impl Write for StoredGzip<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = &bytes[..bytes.len().min(BLOCK - self.block.len())];
        self.block.extend_from_slice(taken);
        self.checksum.update(taken);
        self.length = self.length.wrapping_add(u32::try_from(taken.len()).unwrap_or(0));
        if self.block.len() == BLOCK {
            self.write_block(false)?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_comes_back() {
        for length in [0, 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7] {
            let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let mut packed = Vec::new();
            let mut gzip = StoredGzip::new(&mut packed).unwrap();
            gzip.write_all(&content).unwrap();
            gzip.finish().unwrap();
            let mut read = Vec::new();
            flate2::read::GzDecoder::new(&*packed).read_to_end(&mut read).unwrap();
            assert!(read == content, "{length}");
        }
    }

    #[test]
    fn the_format_stays() {
        let mut packed = Vec::new();
        let mut archive = Builder::new(StoredGzip::new(&mut packed).unwrap());
        let file =
            |path: &str, kind| GitFile { path: path.to_owned(), kind, size: 0, object: String::new(), repository: 0 };
        let long = "long/".repeat(40);
        archive.append_data(&mut header(&file("a", GitFileKind::Plain), 2), "package/a", &b"hi"[..]).unwrap();
        archive
            .append_data(&mut header(&file("b", GitFileKind::Executable), 0), format!("package/{long}b"), &b""[..])
            .unwrap();
        archive.append_link(&mut header(&file("c", GitFileKind::Link), 0), "package/c", "a").unwrap();
        archive.into_inner().and_then(StoredGzip::finish).unwrap();
        // Locks have digests of such archives: they may not become others.
        assert_eq!(
            blake3::hash(&packed).to_hex().as_str(),
            "2a2e0263cf28fbf88f93380f29a431faba2401d10ebb5dadffc6202e99b66ea8"
        );
    }
}
