//! Tools by URL: tars that are compressed by gzip, zstd or xz, zips, and programs as they are, compressed or not. Folders and names stay
//! as the archive has them; links inside of it are replaced by copies of their targets.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

use super::refusal::fault_of;
use super::tarball::unpack_tar;
use super::wheel::{ZipRoot, in_zip, unpack_entries};
use super::{ArchiveFault, ArchiveRefusal, EntryPath, Limits, Spool, Staging, UnpackBudget, UnpackError, WriteError};
use crate::fetch::gunzip::Gunzip;
use crate::fetch::hashing::HashingReader;
use crate::fetch::memory::Memory;
use crate::model::PROGRAM;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const XZ: &[u8] = b"\xfd7zXZ\0";
const ZIP: &[u8] = b"PK\x03\x04";

/// The most memory of a decoder of zstd or xz: what the tools that pack need at their highest levels.
const WINDOW: u64 = 128 << 20;

/// A block of a tar, whose header states a check sum of itself.
const BLOCK: usize = 512;

/// Returns whether bytes begin a zip.
pub(in crate::fetch) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(ZIP)
}

/// Unpacks what is no zip, as it arrives; `packed` tells how many bytes of it did.
pub(in crate::fetch) fn unpack_archive(
    source: &mut HashingReader<'_>,
    packed: &Cell<u64>,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    let whole = |error: &io::Error| UnpackError::from(ArchiveRefusal::Archive(fault_of(error)));
    let head = source.fill_buf().map_err(|error| whole(&error))?;
    let (is_gzip, is_zstd, is_xz) = (head.starts_with(GZIP), head.starts_with(ZSTD), head.starts_with(XZ));
    let mut opened: Box<dyn Read + '_> = if is_gzip {
        Box::new(Gunzip::new(source))
    } else if is_zstd {
        let decoder = StreamingDecoder::new_with_max_window_size(source, WINDOW);
        Box::new(decoder.map_err(|error| ArchiveRefusal::Archive(ArchiveFault::Damaged(error.to_string())))?)
    } else if is_xz {
        Box::new(XzReader::new_mem_limit(source, true, (WINDOW >> 10) as u32))
    } else {
        Box::new(source)
    };
    let mut first = Vec::with_capacity(BLOCK);
    opened.by_ref().take(BLOCK as u64).read_to_end(&mut first).map_err(|error| whole(&error))?;
    let is_tar = is_header(&first);
    let mut content = BufReader::with_capacity(1 << 17, Cursor::new(first).chain(opened));
    if is_tar {
        return unpack_tar(content, packed, memory, staging, limits);
    }
    let path = EntryPath::parse(PROGRAM).map_err(|fault| ArchiveRefusal::entry(PROGRAM, fault.into()))?;
    let mut budget = UnpackBudget::new(limits);
    let mut counted = (&mut content).take(limits.file.saturating_add(1));
    let size = match staging.stream(&path, true, &mut counted) {
        Ok(size) => size,
        Err(WriteError::Source(error)) => return Err(whole(&error)),
        Err(WriteError::Fs(error)) => return Err(error.into()),
    };
    budget.admit(PROGRAM, size, packed.get())?;
    if size == 0 { Err(ArchiveRefusal::Archive(ArchiveFault::NoFiles).into()) } else { Ok(()) }
}

/// Unpacks a zip: all of it, or what its first folders hold.
pub(in crate::fetch) fn unpack_zip(
    spool: Spool<'_>,
    root: ZipRoot,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    in_zip(spool, staging, limits, |archive, staging| unpack_entries(archive, (root, None), memory, staging, limits))?;
    if staging.entries().is_empty() { Err(ArchiveRefusal::Archive(ArchiveFault::NoFiles).into()) } else { Ok(()) }
}

/// Returns whether a block is the header of a tar's entry: its check sum is right.
fn is_header(block: &[u8]) -> bool {
    let Some(stated) = block.get(148..156).filter(|_| block.len() == BLOCK) else { return false };
    let digits = String::from_utf8_lossy(stated);
    let Ok(stated) = u64::from_str_radix(digits.trim_matches(['\0', ' ']), 8) else { return false };
    let counted = |(at, byte): (usize, &u8)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte });
    stated == block.iter().enumerate().map(counted).sum::<u64>()
}
