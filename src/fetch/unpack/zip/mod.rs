//! Zip archives, read strictly.
//!
//! A zip says everything twice: in a directory at its end, and in a header before each file. Readers differ in which of
//! the two they believe, in where they look for the directory, and in what they make of bytes that neither mentions. An
//! archive that can be read in two ways is refused, so that everybody who reads one sees the same files.
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

use super::refusal::{Refusal, Trouble, trouble_of};

pub(crate) use body::{Body, Buffers};
pub(crate) use directory::Entry;

/// An archive whose directory was read.
pub(crate) struct Archive<R> {
    source: R,
    /// Where the next byte of `source` lies.
    at: u64,
    length: u64,
    entries: Vec<Entry>,
    inflate: flate2::Decompress,
}

impl<R: BufRead + Seek> Archive<R> {
    /// Finds the directory and reads it; more entries than `most` are refused.
    pub(crate) fn open(mut source: R, most: usize) -> Result<Self, Refusal> {
        let whole = |trouble| Refusal::Archive(trouble);
        let io = |error: std::io::Error| Refusal::Archive(trouble_of(&error));
        let length = source.seek(SeekFrom::End(0)).map_err(io)?;
        let from = length.saturating_sub(end::LONGEST);
        source.seek(SeekFrom::Start(from)).map_err(io)?;
        let mut tail = Vec::new();
        source.by_ref().take(end::LONGEST).read_to_end(&mut tail).map_err(io)?;
        let end = end::find(&tail, from).map_err(whole)?;
        if end.count > most as u64 {
            return Err(whole(Trouble::TooManyEntries(most)));
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
            return Err(whole(Trouble::Truncated));
        }
        let entries = directory::read(&bytes, &end)?;
        source.rewind().map_err(io)?;
        Ok(Self { source, at: 0, length, entries, inflate: flate2::Decompress::new(false) })
    }

    /// Returns the entries, in the order in which they lie.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the archive's length.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Checks the header of an entry, by its place among the entries, and returns what it holds.
    pub(crate) fn body(&mut self, place: usize) -> Result<Body<'_, R>, Refusal> {
        let entry = &self.entries[place];
        let refuse = |trouble| Refusal::entry(entry.name(), trouble);
        if self.at != entry.offset() {
            let offset = entry.offset().cast_signed().wrapping_sub(self.at.cast_signed());
            self.source.seek_relative(offset).map_err(|error| refuse(trouble_of(&error)))?;
            self.at = entry.offset();
        }
        self.inflate.reset(false);
        Body::begin(&mut self.source, &mut self.at, &mut self.inflate, entry).map_err(refuse)
    }
}

/// Numbers as a zip has them, read one after the other; zeros where the bytes end, which callers rule out.
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

/// Returns the data of an extra field, of which there is at most one of a kind.
fn extra_field(extra: &[u8], wanted: u16) -> Result<Option<&[u8]>, Trouble> {
    let mut numbers = Numbers(extra);
    let mut found = None;
    // Less than a field's head is padding.
    while numbers.0.len() >= 4 {
        let (kind, length) = (numbers.u16(), usize::from(numbers.u16()));
        if numbers.0.len() < length {
            return Err(Trouble::Damaged("an extra field is longer than there is room".to_owned()));
        }
        let data = numbers.bytes(length);
        if kind == wanted && found.replace(data).is_some() {
            return Err(Trouble::Disagrees("extra fields"));
        }
    }
    Ok(found)
}

/// The extra field that has the numbers which do not fit into 32 bits.
const ZIP64: u16 = 1;

/// What stands in a field of 32 bits whose number is in the extra field.
const ELSEWHERE: u32 = u32::MAX;

/// Reads past what follows a body, up to where the next part begins.
fn skim(source: &mut impl BufRead, length: u64, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    bytes.clear();
    source.take(length).read_to_end(bytes)?;
    if bytes.len() as u64 == length { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
