//! An archive → its files.

use std::io::{self, Read};

use super::blocks::{BLOCK, END, Header, headers, pax_path};
use crate::model::EntryPath;

/// Why an archive is not one that larder packed, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsPacked {
    /// It is not compressed as it should be.
    #[error("has another gzip header than larder writes")]
    Gzip,
    /// A header is not the one that the file should have.
    #[error("has another header than larder writes for it")]
    Header,
    /// An invalid path, or one that some file systems cannot hold.
    #[error("has the path `{path}`, which {reason}", path = .path.escape_debug())]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file outside of the one folder.
    #[error("is not below the folder of the first entry")]
    OtherFolder,
    /// Files in another order, or twice.
    #[error("does not follow `{0}` in the order of bytes")]
    Order(EntryPath),
    /// Something else than zeros fills a block, or the end is not the end.
    #[error("is followed by data that does not belong to it")]
    StrayData,
}

/// A file of an archive that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveEntry {
    /// Its path in the package.
    pub path: EntryPath,
    /// Whether it may be executed.
    pub executable: bool,
    /// Its size in bytes.
    pub size: u64,
}

/// Reads an archive's tar as it arrives. Each block is compared with the one that would be written for the same file, so an
/// archive has one form, apart from how it is compressed.
pub struct ArchiveReader<R> {
    tar: R,
    folder: Option<String>,
    last: Option<EntryPath>,
    /// The bytes of the last file that were not read yet, and the zeros behind them.
    left: u64,
    padding: usize,
    /// Whether every disk has to be able to hold the names.
    portable: bool,
}

/// Returns whether these are the first bytes of an archive: gzip without a name, a time or anything else.
pub fn is_plain_gzip(first: &[u8]) -> bool {
    matches!(first, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, _, _, ..])
}

impl<R: Read> ArchiveReader<R> {
    /// Creates a reader of an inflated archive.
    pub fn new(tar: R) -> Self {
        Self { tar, folder: None, last: None, left: 0, padding: 0, portable: true }
    }

    /// Creates a reader of a tar with the same form, whose names only this machine's disk has to hold.
    pub fn for_this_machine(tar: R) -> Self {
        Self { portable: false, ..Self::new(tar) }
    }

    /// Returns what the archive was read from.
    pub fn into_inner(self) -> R {
        self.tar
    }

    /// Returns the one folder of the archive, once a file was read.
    pub fn folder(&self) -> Option<&str> {
        self.folder.as_deref()
    }

    /// Returns the next file, whose content [`Read`] then reads; what was not read of the last one is skipped. Returns `None` at the
    /// end.
    ///
    /// # Errors
    /// Those of the source; with a [`NotAsPacked`] inside, where the archive is at fault.
    pub fn next_entry(&mut self) -> io::Result<Option<ArchiveEntry>> {
        io::copy(&mut self.by_ref(), &mut io::sink())?;
        let mut zeros = [0; BLOCK];
        let padding = &mut zeros[..std::mem::take(&mut self.padding)];
        self.tar.read_exact(padding)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(fault(NotAsPacked::StrayData));
        }
        let mut blocks = self.block()?;
        if blocks[..] == END[..BLOCK] {
            return self.expect_end().map(|()| None);
        }
        let mut header = Header::read(&blocks).ok_or_else(|| fault(NotAsPacked::Header))?;
        let mut raw = blocks.to_vec();
        let mut long = None;
        if header.is_pax() {
            let size = usize::try_from(header.size).unwrap_or(usize::MAX);
            if size > 8 * BLOCK {
                return Err(fault(NotAsPacked::Header));
            }
            let mut content = vec![0; size.next_multiple_of(BLOCK)];
            self.tar.read_exact(&mut content)?;
            long = Some(pax_path(&content[..size]).ok_or_else(|| fault(NotAsPacked::Header))?.to_owned());
            raw.extend_from_slice(&content);
            blocks = self.block()?;
            header = Header::read(&blocks).ok_or_else(|| fault(NotAsPacked::Header))?;
            raw.extend_from_slice(&blocks);
        }
        let full = long.unwrap_or(header.path);
        if headers(&full, header.executable, header.size) != raw {
            return Err(fault(NotAsPacked::Header));
        }
        let path = self.path(&full)?;
        self.left = header.size;
        self.padding = (header.size.next_multiple_of(BLOCK as u64) - header.size) as usize;
        Ok(Some(ArchiveEntry { path, executable: header.executable, size: header.size }))
    }

    /// Checks a path, its folder and its place among the others.
    fn path(&mut self, full: &str) -> io::Result<EntryPath> {
        let wrong = |reason: String| fault(NotAsPacked::Path { path: full.to_owned(), reason });
        let (folder, inside) = full.split_once('/').ok_or_else(|| wrong("is in no folder".to_owned()))?;
        if *self.folder.get_or_insert_with(|| folder.to_owned()) != folder {
            return Err(fault(NotAsPacked::OtherFolder));
        }
        EntryPath::parse(folder).map_err(|error| wrong(error.to_string()))?;
        let path = EntryPath::parse(inside).map_err(|error| wrong(error.to_string()))?;
        if path.as_str() != inside {
            return Err(wrong("has empty parts".to_owned()));
        }
        if self.portable {
            path.check_portable().map_err(|error| wrong(error.to_string()))?;
        }
        if let Some(last) = &self.last
            && path <= *last
        {
            return Err(fault(NotAsPacked::Order(last.clone())));
        }
        self.last = Some(path.clone());
        Ok(path)
    }

    fn block(&mut self) -> io::Result<[u8; BLOCK]> {
        let mut block = [0; BLOCK];
        self.tar.read_exact(&mut block)?;
        Ok(block)
    }

    /// Reads what follows the first block of the end: another, and nothing else.
    fn expect_end(&mut self) -> io::Result<()> {
        let is_zero = self.block()?[..] == END[BLOCK..];
        let mut more = [0];
        let is_all = loop {
            match self.tar.read(&mut more) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read? == 0,
            }
        };
        if is_zero && is_all { Ok(()) } else { Err(fault(NotAsPacked::StrayData)) }
    }
}

impl<R: Read> Read for ArchiveReader<R> {
    /// Reads the content of the last entry.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.tar.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

fn fault(fault: NotAsPacked) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}
