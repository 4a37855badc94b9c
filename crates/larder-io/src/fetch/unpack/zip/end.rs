//! The end of an archive, which tells where its directory is.

use super::{ELSEWHERE, Numbers};
use crate::fetch::unpack::refusal::ArchiveFault;

/// Where the directory is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DirectoryLocation {
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) count: u64,
}

const RECORD: &[u8] = b"PK\x05\x06";
const RECORD_SIZE: usize = 22;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_SIZE: usize = 20;
const RECORD64: &[u8] = b"PK\x06\x06";
const RECORD64_SIZE: usize = 56;

/// The largest directory, which is read whole. Real ones have a few hundred bytes per entry.
const LARGEST_DIRECTORY: u64 = 256 << 20;

/// The number of bytes in which the directory is found: both records, the locator and the longest comment.
pub(super) const LONGEST: u64 = (RECORD64_SIZE + LOCATOR_SIZE + RECORD_SIZE + 0xffff) as u64;

/// Finds the directory in the last bytes of an archive, which begin at the offset `from`.
///
/// The last record must end the archive: a reader that searches from the other side would see another archive.
pub(super) fn find(tail: &[u8], from: u64) -> Result<DirectoryLocation, ArchiveFault> {
    let at = memchr::memmem::rfind(tail, RECORD).ok_or(ArchiveFault::Truncated)?;
    let record = &tail[at..];
    if record.len() < RECORD_SIZE {
        return Err(ArchiveFault::Truncated);
    }
    let mut numbers = Numbers(&record[RECORD.len()..]);
    let disks = [numbers.u16(), numbers.u16()];
    let counts = [numbers.u16(), numbers.u16()];
    let (size, start) = (numbers.u32(), numbers.u32());
    if record.len() != RECORD_SIZE + usize::from(numbers.u16()) {
        return Err(ArchiveFault::StrayData);
    }
    if disks != [0, 0] || counts[0] != counts[1] {
        return Err(ArchiveFault::Damaged("it is one of several".to_owned()));
    }
    let short = DirectoryLocation { start: u64::from(start), size: u64::from(size), count: u64::from(counts[0]) };
    let locator = at.checked_sub(LOCATOR_SIZE).filter(|at| tail[*at..].starts_with(LOCATOR));
    let (end, behind) = match locator {
        Some(locator) => long(tail, from, locator, &short)?,
        None if start == ELSEWHERE || size == ELSEWHERE => return Err(ArchiveFault::Truncated),
        None => (short, at),
    };
    if end.size > LARGEST_DIRECTORY {
        return Err(ArchiveFault::TooLarge(LARGEST_DIRECTORY));
    }
    let is_before = end.start.checked_add(end.size) == Some(from + behind as u64);
    if is_before { Ok(end) } else { Err(ArchiveFault::StrayData) }
}

/// Reads the zip64 record, which must end where its locator begins, and returns its index. A number that both records have must
/// be the same in both: some readers use the short record only.
fn long(
    tail: &[u8],
    from: u64,
    locator: usize,
    short: &DirectoryLocation,
) -> Result<(DirectoryLocation, usize), ArchiveFault> {
    let mut numbers = Numbers(&tail[locator + LOCATOR.len()..]);
    let (disk, offset, disks) = (numbers.u32(), numbers.u64(), numbers.u32());
    if disk != 0 || disks > 1 {
        return Err(ArchiveFault::Damaged("it is one of several".to_owned()));
    }
    let at = offset.checked_sub(from).and_then(|at| usize::try_from(at).ok()).ok_or(ArchiveFault::StrayData)?;
    let record = tail.get(at..locator).filter(|record| record.starts_with(RECORD64) && record.len() >= RECORD64_SIZE);
    let record = record.ok_or(ArchiveFault::StrayData)?;
    let mut numbers = Numbers(&record[RECORD64.len()..]);
    if numbers.u64() != (record.len() - RECORD64.len() - 8) as u64 {
        return Err(ArchiveFault::StrayData);
    }
    // The versions of who made it and of who can read it.
    numbers.bytes(4);
    let disks = [numbers.u32(), numbers.u32()];
    let counts = [numbers.u64(), numbers.u64()];
    let end = DirectoryLocation { size: numbers.u64(), start: numbers.u64(), count: counts[0] };
    if disks != [0, 0] || counts[0] != counts[1] {
        return Err(ArchiveFault::Damaged("it is one of several".to_owned()));
    }
    let same = |short: u64, elsewhere: u64, long: u64| short == elsewhere || short == long;
    let agree = same(short.size, ELSEWHERE.into(), end.size)
        && same(short.start, ELSEWHERE.into(), end.start)
        && same(short.count, u16::MAX.into(), end.count);
    if agree { Ok((end, at)) } else { Err(ArchiveFault::Disagrees("directory")) }
}
