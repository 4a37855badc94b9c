//! Zip archives, read strictly.
//!
//! A zip states everything twice: in a directory at its end, and in a header before each file. Readers differ in which of the two
//! they use, in where they look for the directory, and in how they treat bytes that neither describes. An archive that can be
//! read in two ways is refused, so that all readers see the same files.
//!
//! ```text
//! (header, data, [descriptor])*, directory, [zip64 record, zip64 locator], end record, [comment]
//! ```
//!
//! Nothing lies between these parts. Source: PKWARE's APPNOTE.TXT 6.3.10.

mod body;
mod directory;
mod end;

use std::io::{BufRead, Read, Seek, SeekFrom};

use super::refusal::{ArchiveFault, ArchiveRefusal, fault_of};

pub(crate) use body::{Buffers, EntryReader};
pub(crate) use directory::ZipEntry;

/// An archive whose directory was read.
pub(crate) struct ZipArchive<R> {
    source: R,
    /// Where the next byte of `source` lies.
    at: u64,
    length: u64,
    entries: Vec<ZipEntry>,
    inflate: flate2::Decompress,
}

impl<R: BufRead + Seek> ZipArchive<R> {
    /// Finds and reads the directory. More entries than `most` are refused.
    pub(crate) fn open(mut source: R, most: usize) -> Result<Self, ArchiveRefusal> {
        let whole = |fault| ArchiveRefusal::Archive(fault);
        let io = |error: std::io::Error| ArchiveRefusal::Archive(fault_of(&error));
        let length = source.seek(SeekFrom::End(0)).map_err(io)?;
        let from = length.saturating_sub(end::LONGEST);
        source.seek(SeekFrom::Start(from)).map_err(io)?;
        let mut tail = Vec::new();
        source.by_ref().take(end::LONGEST).read_to_end(&mut tail).map_err(io)?;
        let end = end::find(&tail, from).map_err(whole)?;
        if end.count > most as u64 {
            return Err(whole(ArchiveFault::TooManyEntries(most)));
        }
        let mut bytes = Vec::with_capacity(end.size.min(1 << 20) as usize);
        match usize::try_from(end.start.saturating_sub(from)) {
            Ok(start) if end.start >= from => bytes.extend_from_slice(tail.get(start..).unwrap_or_default()),
            _ => {
                source.seek(SeekFrom::Start(end.start)).map_err(io)?;
                source.by_ref().take(end.size).read_to_end(&mut bytes).map_err(io)?;
            }
        }
        bytes.truncate(usize::try_from(end.size).unwrap_or(usize::MAX));
        if bytes.len() as u64 != end.size {
            return Err(whole(ArchiveFault::Truncated));
        }
        let entries = directory::read(&bytes, &end)?;
        source.rewind().map_err(io)?;
        Ok(Self { source, at: 0, length, entries, inflate: flate2::Decompress::new(false) })
    }

    /// Returns the entries, sorted by their offsets.
    pub(crate) fn entries(&self) -> &[ZipEntry] {
        &self.entries
    }

    /// Returns the archive's length.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Checks the header of the entry with this index, and returns a reader of its content.
    pub(crate) fn body(&mut self, place: usize) -> Result<EntryReader<'_, R>, ArchiveRefusal> {
        let entry = &self.entries[place];
        let refuse = |fault| ArchiveRefusal::entry(entry.name(), fault);
        if self.at != entry.offset() {
            let offset = entry.offset().cast_signed().wrapping_sub(self.at.cast_signed());
            self.source.seek_relative(offset).map_err(|error| refuse(fault_of(&error)))?;
            self.at = entry.offset();
        }
        self.inflate.reset(false);
        EntryReader::begin(&mut self.source, &mut self.at, &mut self.inflate, entry).map_err(refuse)
    }
}

/// Reads little-endian numbers one after the other. Beyond the end of the bytes they are zero, which callers rule out.
struct Numbers<'a>(&'a [u8]);

impl<'a> Numbers<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    fn number<const N: usize>(&mut self) -> u64 {
        self.bytes(N).iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn u16(&mut self) -> u16 {
        self.number::<2>() as u16
    }

    fn u32(&mut self) -> u32 {
        self.number::<4>() as u32
    }

    fn u64(&mut self) -> u64 {
        self.number::<8>()
    }
}

/// Returns the data of the extra field of a kind. Two fields of that kind are refused.
fn extra_field(extra: &[u8], wanted: u16) -> Result<Option<&[u8]>, ArchiveFault> {
    let mut numbers = Numbers(extra);
    let mut found = None;
    // Less than a field's head is padding.
    while numbers.0.len() >= 4 {
        let (kind, length) = (numbers.u16(), usize::from(numbers.u16()));
        if numbers.0.len() < length {
            return Err(ArchiveFault::Damaged("an extra field is longer than there is room".to_owned()));
        }
        let data = numbers.bytes(length);
        if kind == wanted && found.replace(data).is_some() {
            return Err(ArchiveFault::Disagrees("extra fields"));
        }
    }
    Ok(found)
}

/// The extra field for numbers that do not fit into 32 bits.
const ZIP64: u16 = 1;

/// The value of a 32-bit field whose number is in the extra field.
const ELSEWHERE: u32 = u32::MAX;

/// Reads exactly `length` bytes into `bytes`.
fn skim(source: &mut impl BufRead, length: u64, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    bytes.clear();
    source.take(length).read_to_end(bytes)?;
    if bytes.len() as u64 == length { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
