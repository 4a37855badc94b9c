//! Single files of archives, read without unpacking them.

use std::io::{BufRead, Read, Seek};

use crate::fetch::zip::ZipArchive;

/// The most bytes that an archive is inflated to, to find a file in it.
const LARGEST_ARCHIVE: u64 = 2 << 30;
/// The most entries of a zip.
pub(super) const MOST_ENTRIES: usize = 500_000;
/// The most bytes of a file.
const LARGEST_FILE: u64 = 16 << 20;

/// Returns a file that lies in the first folder of a gzipped tar, whatever that folder's name. Returns `None` if there is none, or
/// the archive cannot be read up to it.
pub(super) fn file_in_tarball(bytes: impl Read, file: &str) -> Option<Vec<u8>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes).take(LARGEST_ARCHIVE));
    for entry in archive.entries().ok()? {
        let entry = entry.ok()?;
        let path = entry.path().ok()?.into_owned();
        if path.file_name().is_some_and(|name| name == file) && path.components().count() == 2 {
            return bounded(entry);
        }
    }
    None
}

/// Returns a file that lies in the first folder of a zip, whatever that folder's name.
pub(super) fn file_in_zip(archive: impl BufRead + Seek, file: &str) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::open(archive, MOST_ENTRIES).ok()?;
    let is_it = |name: &str| name.split_once('/').is_some_and(|(_, below)| below == file);
    let place = archive.entries().iter().position(|entry| is_it(entry.name()))?;
    bounded(archive.body(place).ok()?)
}

/// Reads a file of metadata. Returns `None` if it cannot be read, or is too long for one.
pub(super) fn bounded(reader: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(LARGEST_FILE + 1).read_to_end(&mut bytes).ok()?;
    (read as u64 <= LARGEST_FILE).then_some(bytes)
}
