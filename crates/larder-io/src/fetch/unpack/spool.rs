//! Keeps an archive until all of it has arrived: a wheel's directory is at its end.

use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom, Write};

use bytes::Bytes;

use super::{Staging, WriteError};
use crate::fetch::hashing::HashingReader;
use crate::fetch::memory::{Memory, Reservation};
use crate::fs::{Action, Demand, File, FsError};

/// An archive that has arrived.
pub(in crate::fetch) enum Spool<'m> {
    /// The body as it was received.
    Received(Bytes),
    /// Blocks of the shared memory.
    Memory(Reservation<'m>),
    /// An unnamed file, with its size.
    File(File, u64),
}

/// What an archive is read from.
pub(super) trait ArchiveSource: BufRead + Seek {}

impl<S: BufRead + Seek> ArchiveSource for S {}

impl<'m> Spool<'m> {
    /// Reads an archive to its end. `length` is the number of its bytes, if that is known.
    pub(in crate::fetch) fn fill(
        source: &mut HashingReader<'_>,
        length: Option<u64>,
        memory: &'m Memory,
        staging: &Staging<'_>,
    ) -> Result<Self, WriteError> {
        if let Some(whole) = source.take_whole() {
            return Ok(Self::Received(whole));
        }
        let mut reserved = length.and_then(|length| memory.reserve(length));
        if let Some(reserved) = &mut reserved {
            loop {
                let bytes = source.fill_buf().map_err(WriteError::Source)?;
                let (count, is_end) = (reserved.push(bytes), bytes.is_empty());
                source.consume(count);
                if is_end {
                    break;
                }
                if count == 0 {
                    // It is longer than it was said to be.
                    return Self::fill_file(source, Some(reserved), length, staging);
                }
            }
        }
        match reserved {
            Some(reserved) => Ok(Self::Memory(reserved)),
            None => Self::fill_file(source, None, length, staging),
        }
    }

    /// Writes an archive to a file. `before` is the beginning that was read already.
    fn fill_file(
        source: &mut HashingReader<'_>,
        before: Option<&Reservation<'_>>,
        length: Option<u64>,
        staging: &Staging<'_>,
    ) -> Result<Self, WriteError> {
        let mut size = 0;
        let failed = |error: FsError, size: u64| {
            let demand = Demand::on(staging.place()).file(length.unwrap_or(size).max(size));
            WriteError::Fs(error.needing(demand))
        };
        let mut file = staging.scratch_file().map_err(|error| failed(error, length.unwrap_or_default()))?;
        let mut write = |bytes: &[u8]| {
            size += bytes.len() as u64;
            let written = file.write_all(bytes);
            written.map_err(|error| failed(FsError::new(Action::Write, staging.place().join("archive"), error), size))
        };
        if let Some(before) = before {
            let mut at = 0;
            while at < before.len() {
                let bytes = before.at(at);
                write(bytes)?;
                at += bytes.len();
            }
        }
        loop {
            let bytes = source.fill_buf().map_err(WriteError::Source)?;
            if bytes.is_empty() {
                return Ok(Self::File(file, size));
            }
            write(bytes)?;
            let count = bytes.len();
            source.consume(count);
        }
    }

    /// Returns a reader of the archive.
    pub(super) fn reader(self) -> Box<dyn ArchiveSource + 'm> {
        match self {
            Self::Received(bytes) => Box::new(Cursor::new(bytes)),
            Self::Memory(blocks) => Box::new(BlockReader { blocks, at: 0 }),
            Self::File(file, _) => Box::new(BufReader::with_capacity(1 << 16, file)),
        }
    }

    /// Returns the size of the file that keeps the archive. Returns `None` if it is kept in memory.
    pub(super) fn size_on_disk(&self) -> Option<u64> {
        match self {
            Self::File(_, size) => Some(*size),
            Self::Received(_) | Self::Memory(_) => None,
        }
    }
}

/// Reads an archive that is kept in blocks.
struct BlockReader<'m> {
    blocks: Reservation<'m>,
    at: usize,
}

impl BufRead for BlockReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.blocks.at(self.at))
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

impl Read for BlockReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl Seek for BlockReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(offset) => (self.blocks.len() as u64).checked_add_signed(offset),
            SeekFrom::Current(offset) => (self.at as u64).checked_add_signed(offset),
        };
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        self.at = usize::try_from(place).map_err(|_| io::ErrorKind::InvalidInput)?;
        Ok(place)
    }
}
