//! Archives of private packages: unpacked as they arrive, and only if larder could have packed them.

use std::cell::Cell;
use std::io::{BufReader, Read};

use super::refusal::fault_of;
use super::{
    ArchiveFault, ArchiveRefusal, EntryNames, Limits, NameFolding, SMALL, Staging, UnpackBudget, UnpackError,
    WriteError, read_exactly,
};
use crate::fetch::gunzip::Gunzip;
use crate::fetch::hashing::HashingReader;
use crate::fetch::memory::Memory;
use crate::fs::FsError;
use crate::package::{ArchiveReader, MANIFEST, MAX_FILES, MAX_SIZE, is_plain_gzip};

/// Unpacks an archive; `packed` tells how many bytes of it arrived. Names that collide on any disk are refused, wherever it is
/// unpacked.
pub(in crate::fetch) fn unpack_package(
    source: &mut HashingReader<'_>,
    packed: &Cell<u64>,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    let whole = |fault| UnpackError::from(ArchiveRefusal::Archive(fault));
    let mut header = [0; 10];
    source.read_exact(&mut header).map_err(|error| whole(fault_of(&error)))?;
    if !is_plain_gzip(&header) {
        return Err(whole(ArchiveFault::NotAsPacked(crate::package::NotAsPacked::Gzip)));
    }
    let inflated = Gunzip::new((&header[..]).chain(source));
    // Inflating in large pieces takes half the time of inflating header by header and file by file.
    let mut archive = ArchiveReader::new(BufReader::with_capacity(1 << 17, inflated));
    let limits = Limits { entries: limits.entries.min(MAX_FILES), total: limits.total.min(MAX_SIZE), ..limits };
    let mut budget = UnpackBudget::new(limits);
    let mut names = EntryNames::new(NameFolding::CaseAndForm);
    let mut buffer = memory.buffer();
    let mut has_manifest = false;
    while let Some(entry) = archive.next_entry().map_err(|error| whole(fault_of(&error)))? {
        let (path, size) = (&entry.path, entry.size);
        has_manifest |= path.as_str() == MANIFEST;
        budget.admit(path.as_str(), size, packed.get())?;
        names.file(path, staging.entries().len())?;
        let full = |error: FsError, staging: &Staging<'_>| {
            if error.is_disk_full() { error.needing(staging.demand().file(size)) } else { error }
        };
        let read = |error: &std::io::Error| UnpackError::from(ArchiveRefusal::entry(path.as_str(), fault_of(error)));
        if size <= SMALL {
            read_exactly(&mut archive, size, &mut buffer).map_err(|error| read(&error))?;
            staging.write(path, entry.executable, &buffer).map_err(|error| full(error, staging))?;
            continue;
        }
        match staging.stream(path, entry.executable, &mut (&mut archive).take(size)) {
            Ok(written) if written == size => {}
            Ok(_) => return Err(ArchiveRefusal::entry(path.as_str(), ArchiveFault::Truncated).into()),
            Err(WriteError::Source(error)) => return Err(read(&error)),
            Err(WriteError::Fs(error)) => return Err(full(error, staging).into()),
        }
    }
    match staging.entries() {
        [] => Err(whole(ArchiveFault::NoFiles)),
        _ if !has_manifest => Err(whole(ArchiveFault::NoManifest)),
        _ => Ok(()),
    }
}
