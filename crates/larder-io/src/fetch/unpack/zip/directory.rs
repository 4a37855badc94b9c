//! The directory of an archive.

use super::end::DirectoryLocation;
use super::{ELSEWHERE, Numbers, ZIP64, extra_field};
use crate::fetch::unpack::refusal::{ArchiveFault, ArchiveRefusal};

/// An entry of the directory.
#[derive(Debug)]
pub(crate) struct ZipEntry {
    name: String,
    mode: u32,
    size: u64,
    pub(super) packed: u64,
    pub(super) checksum: u32,
    pub(super) flags: u16,
    pub(super) method: Method,
    offset: u64,
    /// Its index in the directory.
    listed: usize,
    /// The offset of the next entry, or of the directory.
    pub(super) end: u64,
}

/// The compression method of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored = 0,
    Deflated = 8,
}

impl ZipEntry {
    /// Returns its name: ASCII, or UTF-8 with the flag for it. It is not checked otherwise.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns its Unix mode, type and permissions; 0 if the archive has none. As in other readers, the system that made the
    /// archive does not matter.
    pub(crate) fn mode(&self) -> u32 {
        self.mode
    }

    /// Returns its inflated size.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns its index in the directory, whose order may differ from that of the offsets.
    pub(crate) fn listed(&self) -> usize {
        self.listed
    }

    /// Returns the offset of its own header.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }
}

const HEADER: &[u8] = b"PK\x01\x02";
const HEADER_SIZE: usize = 46;

/// The flag for names in UTF-8.
pub(super) const UNICODE: u16 = 1 << 11;
/// The flags for encryption, patches, strong encryption, and an encrypted directory.
const NOT_PLAIN: u16 = 1 | 1 << 5 | 1 << 6 | 1 << 13;

/// The extra field for a name in Unicode.
const UNICODE_PATH: u16 = 0x7075;

/// Reads the directory, which must have as many entries as stated and nothing else. Sorts the entries by their offsets.
pub(super) fn read(mut bytes: &[u8], end: &DirectoryLocation) -> Result<Vec<ZipEntry>, ArchiveRefusal> {
    let mut entries: Vec<ZipEntry> = Vec::with_capacity((bytes.len() / HEADER_SIZE).min(end.count as usize));
    for listed in 0..end.count {
        entries.push(ZipEntry { listed: listed as usize, ..entry(&mut bytes)? });
    }
    // Some readers count, others read to the end.
    if !bytes.is_empty() {
        return Err(ArchiveRefusal::Archive(ArchiveFault::Disagrees("number of entries")));
    }
    entries.sort_by_key(ZipEntry::offset);
    let mut next = end.start;
    for entry in entries.iter_mut().rev() {
        entry.end = next;
        next = entry.offset;
    }
    if next == 0 { Ok(entries) } else { Err(ArchiveRefusal::Archive(ArchiveFault::StrayData)) }
}

/// Reads the next entry.
fn entry(bytes: &mut &[u8]) -> Result<ZipEntry, ArchiveRefusal> {
    let damaged = || ArchiveRefusal::Archive(ArchiveFault::Damaged("its directory is broken".to_owned()));
    let fixed = bytes.get(..HEADER_SIZE).filter(|header| header.starts_with(HEADER)).ok_or_else(damaged)?;
    let mut numbers = Numbers(&fixed[HEADER.len()..]);
    // The versions of who made it and of who can read it.
    numbers.bytes(4);
    let (flags, method) = (numbers.u16(), numbers.u16());
    // When it was changed.
    numbers.bytes(4);
    let (checksum, packed, size) = (numbers.u32(), numbers.u32(), numbers.u32());
    let lengths = [numbers.u16(), numbers.u16(), numbers.u16()].map(usize::from);
    let disk = numbers.u16();
    // Whether it is text.
    numbers.bytes(2);
    let (attributes, offset) = (numbers.u32(), numbers.u32());
    let rest = bytes.get(HEADER_SIZE..HEADER_SIZE + lengths.iter().sum::<usize>()).ok_or_else(damaged)?;
    let (name, extra) = (&rest[..lengths[0]], &rest[lengths[0]..lengths[0] + lengths[1]]);
    *bytes = &bytes[HEADER_SIZE + rest.len()..];

    let refuse = |fault| ArchiveRefusal::entry(&String::from_utf8_lossy(name), fault);
    // Without the flag, others read the bytes as another name.
    let text = std::str::from_utf8(name).ok().filter(|name| name.is_ascii() || flags & UNICODE != 0);
    let text = text.ok_or_else(|| refuse(ArchiveFault::NotUnicode))?;
    let other = extra_field(extra, UNICODE_PATH).map_err(refuse)?;
    if other.is_some_and(|field| field.get(5..) != Some(name)) {
        return Err(refuse(ArchiveFault::Disagrees("name")));
    }
    if flags & NOT_PLAIN != 0 {
        return Err(refuse(ArchiveFault::Encrypted));
    }
    let method = match method {
        0 => Method::Stored,
        8 => Method::Deflated,
        other => return Err(refuse(ArchiveFault::UnknownMethod(other))),
    };
    let mut numbers = [size, packed, offset].map(u64::from);
    let mut wide = Numbers(extra_field(extra, ZIP64).map_err(refuse)?.unwrap_or_default());
    for number in numbers.iter_mut().filter(|number| **number == u64::from(ELSEWHERE)) {
        if wide.0.len() < 8 {
            return Err(refuse(ArchiveFault::Damaged("its zip64 field is too short".to_owned())));
        }
        *number = wide.u64();
    }
    let [size, packed, offset] = numbers;
    if disk != 0 {
        return Err(refuse(ArchiveFault::Damaged("it lies elsewhere".to_owned())));
    }
    let name = text.to_owned();
    Ok(ZipEntry { name, mode: attributes >> 16, size, packed, checksum, flags, method, offset, listed: 0, end: 0 })
}
