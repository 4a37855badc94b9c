//! Python wheels: a zip with a RECORD of its files.

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};

use zip::ZipArchive;
use zip::read::{ArchiveOffset, Config, ZipFile};
use zip::result::ZipError;

use super::record::{Line, Record};
use super::refusal::trouble_of;
use super::{
    Budget, EntryPath, Limits, Names, Problem, Refusal, SMALL, Seen, Staging, Trouble, WriteError, entry_path,
    read_exactly,
};
use crate::fetch::hashing::Hasher;
use crate::fs::{Action, File, FsError};

/// An archive that arrived whole.
pub(in crate::fetch) enum Spool {
    /// Small enough to be kept at hand.
    Memory(Vec<u8>),
    /// In a file without a name.
    File(File),
}

/// Wheels up to this size are kept in memory: several are, at the same time.
const IN_MEMORY: u64 = 2 << 20;

impl Spool {
    /// Keeps what a reader gives; its directory is at its end, so nothing can be unpacked before.
    pub(in crate::fetch) fn fill(source: &mut dyn Read, staging: &Staging<'_>) -> Result<Self, WriteError> {
        let mut head = Vec::new();
        source.take(IN_MEMORY + 1).read_to_end(&mut head).map_err(WriteError::Source)?;
        if head.len() as u64 <= IN_MEMORY {
            return Ok(Self::Memory(head));
        }
        let mut file = staging.scratch_file().map_err(WriteError::Fs)?;
        let failed = |error| WriteError::Fs(FsError::new(Action::Write, "the archive's temporary file", error));
        let mut piece = head;
        loop {
            file.write_all(&piece).map_err(failed)?;
            piece.clear();
            if source.take(1 << 18).read_to_end(&mut piece).map_err(WriteError::Source)? == 0 {
                return Ok(Self::File(file));
            }
        }
    }
}

/// Unpacks a wheel and checks it against its RECORD.
pub(in crate::fetch) fn unpack_wheel(spool: Spool, staging: &mut Staging<'_>, limits: Limits) -> Result<(), Problem> {
    match spool {
        Spool::Memory(bytes) => unpack(Cursor::new(bytes), staging, limits),
        Spool::File(file) => unpack(BufReader::with_capacity(1 << 16, file), staging, limits),
    }
}

fn unpack(mut source: impl Read + Seek, staging: &mut Staging<'_>, limits: Limits) -> Result<(), Problem> {
    let length = check_end(&mut source)?;
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut archive = ZipArchive::with_config(config, source).map_err(|error| whole(&error))?;
    let mut budget = Budget::new(limits);
    if archive.len() > limits.entries {
        return Err(Refusal::Archive(Trouble::TooManyEntries(limits.entries)).into());
    }
    archive.validate_header_consistency().map_err(|error| whole(&error))?;
    if archive.offset() != 0 || first_header(&mut archive)? != 0 {
        return Err(Refusal::Archive(Trouble::StrayData).into());
    }
    let mut record = read_record(&mut archive, limits)?;
    let mut names = Names::default();
    let mut buffer = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(|error| whole(&error))?;
        let name = name_of(&file)?;
        budget.admit(&name, file.size(), length)?;
        let path = entry_path(&name)?;
        if name.ends_with('/') {
            names.folder(path.as_str())?;
            continue;
        }
        // A type of 0 is no type: archives made elsewhere than on Unix.
        if !matches!(file.unix_mode().unwrap_or_default() & 0o170_000, 0 | 0o100_000) {
            return Err(Refusal::entry(&name, Trouble::Special).into());
        }
        if names.file(&path, staging.entries().len())? != Seen::First {
            return Err(Refusal::entry(&name, Trouble::Duplicate).into());
        }
        let line = record.take(path.as_str())?;
        write(&mut file, &path, line, staging, &mut buffer)?;
    }
    Ok(record.finish()?)
}

fn write(
    file: &mut ZipFile<'_, impl Read>,
    path: &EntryPath,
    line: Option<Line>,
    staging: &mut Staging<'_>,
    buffer: &mut Vec<u8>,
) -> Result<(), Problem> {
    let executable = file.unix_mode().unwrap_or_default() & 0o111 != 0;
    let size = file.size();
    let refuse = |error: &io::Error| Problem::from(Refusal::entry(path.as_str(), trouble_of(error)));
    let mut hasher = line.as_ref().map(Line::hasher);
    if size <= SMALL {
        read_exactly(file, size, buffer).map_err(|error| refuse(&error))?;
        expect_end(file).map_err(|error| refuse(&error))?;
        if let Some(hasher) = &mut hasher {
            hasher.update(buffer);
        }
        check(path, line, hasher, size)?;
        return Ok(staging.write(path, executable, buffer)?);
    }
    let mut source = Teller { source: file.take(size), hasher };
    match staging.stream(path, executable, &mut source) {
        Ok(written) if written == size => {}
        Ok(_) => return Err(Refusal::entry(path.as_str(), Trouble::Truncated).into()),
        Err(WriteError::Source(error)) => return Err(refuse(&error)),
        Err(WriteError::Fs(error)) => return Err(error.into()),
    }
    let hasher = source.hasher.take();
    expect_end(source.source.into_inner()).map_err(|error| refuse(&error))?;
    Ok(check(path, line, hasher, size)?)
}

fn check(path: &EntryPath, line: Option<Line>, hasher: Option<Hasher>, size: u64) -> Result<(), Refusal> {
    match (line, hasher) {
        (Some(line), Some(hasher)) => line.check(path.as_str(), hasher, size),
        _ => Ok(()),
    }
}

/// Hashes what is read through it.
struct Teller<R> {
    source: R,
    hasher: Option<Hasher>,
}

impl<R: Read> Read for Teller<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }
}

/// Reads past the last byte, where the checksum is compared; there must be no other.
fn expect_end(file: &mut dyn Read) -> io::Result<()> {
    match file.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it is longer than its header says")),
    }
}

/// Finds RECORD in the one `.dist-info` folder and reads it.
fn read_record(archive: &mut ZipArchive<impl Read + Seek>, limits: Limits) -> Result<Record, Problem> {
    let is_record = |name: &&[u8]| name.strip_suffix(b".dist-info/RECORD").is_some_and(|rest| !rest.contains(&b'/'));
    let records: Vec<_> = archive.file_names_raw().filter(is_record).map(<[u8]>::to_vec).collect();
    let [name] = &*records else { return Err(Refusal::Archive(Trouble::NoRecord).into()) };
    let at = archive.index_for_name_raw(name).ok_or(Refusal::Archive(Trouble::NoRecord))?;
    let file = archive.by_index(at).map_err(|error| whole(&error))?;
    let path = name_of(&file)?;
    let size = file.size();
    if size > limits.file.min(62 << 20) {
        return Err(Refusal::entry(&path, Trouble::TooLarge(limits.file.min(62 << 20))).into());
    }
    let mut text = Vec::new();
    file.take(size).read_to_end(&mut text).map_err(|error| Refusal::entry(&path, trouble_of(&error)))?;
    let text = String::from_utf8(text).map_err(|_| Refusal::entry(&path, Trouble::NotUnicode))?;
    Ok(Record::parse(&path, &text)?)
}

/// Returns an entry's name: ASCII, or UTF-8 and said to be.
fn name_of(file: &ZipFile<'_, impl Read>) -> Result<String, Refusal> {
    let refuse = || Refusal::entry(&String::from_utf8_lossy(file.name_raw()), Trouble::NotUnicode);
    let name = std::str::from_utf8(file.name_raw()).map_err(|_| refuse())?;
    // Without the flag, others read the bytes as another name.
    let said = file.flags().as_u16() & 0x800 != 0;
    if name.is_ascii() || said { Ok(name.to_owned()) } else { Err(refuse()) }
}

/// Returns where the first entry begins.
fn first_header(archive: &mut ZipArchive<impl Read + Seek>) -> Result<u64, Problem> {
    let mut first = if archive.is_empty() { 0 } else { u64::MAX };
    for at in 0..archive.len() {
        first = first.min(archive.by_index_data(at).map_err(|error| whole(&error))?.header_start());
    }
    Ok(first)
}

/// Checks that the archive ends with its end record and returns the archive's length.
///
/// Only the last record may be one: a reader that looks from the other side would see another archive.
fn check_end(source: &mut (impl Read + Seek)) -> Result<u64, Problem> {
    const SIGNATURE: &[u8] = b"PK\x05\x06";
    const SIZE: u64 = 22;
    const LONGEST_COMMENT: u64 = 0xffff;
    const LARGEST_DIRECTORY: u64 = 256 << 20;

    let io = |error: io::Error| Problem::from(Refusal::Archive(trouble_of(&error)));
    let length = source.seek(SeekFrom::End(0)).map_err(io)?;
    let from = length.saturating_sub(SIZE + LONGEST_COMMENT);
    source.seek(SeekFrom::Start(from)).map_err(io)?;
    let mut tail = Vec::new();
    source.read_to_end(&mut tail).map_err(io)?;
    let at = memchr::memmem::rfind(&tail, SIGNATURE).ok_or(Refusal::Archive(Trouble::Truncated))?;
    let record = &tail[at..];
    if record.len() < SIZE as usize {
        return Err(Refusal::Archive(Trouble::Truncated).into());
    }
    let comment = usize::from(u16::from_le_bytes([record[20], record[21]]));
    if record.len() != SIZE as usize + comment {
        return Err(Refusal::Archive(Trouble::StrayData).into());
    }
    let number = |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
    let (size, offset) = (number(12), number(16));
    let directory_ends = u64::from(size) + u64::from(offset);
    // Zip64 has its own records in between; its numbers are read by the library.
    if size != u32::MAX && offset != u32::MAX && directory_ends != from + at as u64 {
        return Err(Refusal::Archive(Trouble::StrayData).into());
    }
    // The list of entries is read whole: real ones have a few hundred bytes an entry, and not many entries.
    if size != u32::MAX && u64::from(size) > LARGEST_DIRECTORY {
        return Err(Refusal::Archive(Trouble::TooLarge(LARGEST_DIRECTORY)).into());
    }
    source.rewind().map_err(io)?;
    Ok(length)
}

fn whole(error: &ZipError) -> Problem {
    let trouble = match error {
        ZipError::Io(error) => trouble_of(error),
        error => Trouble::Damaged(error.to_string()),
    };
    Refusal::Archive(trouble).into()
}
