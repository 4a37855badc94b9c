//! Unpacking what others packed: every name and number in an archive is checked before it is believed.

mod archive;
mod bundle;
mod links;
mod names;
mod package;
mod record;
mod refusal;
mod spool;
mod tarball;
mod wheel;
pub(crate) mod zip;

use std::io;

pub(super) use archive::{is_zip, unpack_archive, unpack_zip};
pub(super) use bundle::{UnpackBundleError, unpack as unpack_into};
pub use bundle::{UnpackedBundle, bundled_name};
pub(super) use names::{EntryNames, NameStatus};
pub use names::{NameFolding, check_names, has_twins};
pub(super) use package::unpack_package;
pub use refusal::{ArchiveFault, ArchiveRefusal};
pub(super) use refusal::{UnpackError, fault_of};
pub(super) use spool::Spool;
pub(super) use tarball::{count_tarball, unpack_runtime, unpack_tarball};
pub(super) use wheel::{ZipRoot, check_metadata, unpack_wheel};

use crate::model::EntryPath;
use crate::store::{Staging, WriteError};

/// How much an archive may hold. The defaults are far above any real package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries, folders and what is skipped included: 500,000.
    pub entries: usize,
    /// Bytes of one file, unpacked: 2 GiB.
    pub file: u64,
    /// Bytes of all files, unpacked: 8 GiB.
    pub total: u64,
    /// Bytes of the archive itself: 4 GiB.
    pub packed: u64,
    /// Unpacked bytes for each packed one, once more than `free` are unpacked: 200.
    pub ratio: u64,
    /// Unpacked bytes to which the ratio does not apply: 256 MiB.
    pub free: u64,
    /// Which names collide where the package is installed: equal ones.
    pub folds: NameFolding,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 500_000,
            file: 2 << 30,
            total: 8 << 30,
            packed: 4 << 30,
            ratio: 200,
            free: 256 << 20,
            folds: NameFolding::Nothing,
        }
    }
}

/// Files up to this size are read whole and written in one call.
pub(super) const SMALL: u64 = 1 << 20;

/// Compares the entries of an archive with the limits, one after the other.
pub(super) struct UnpackBudget {
    limits: Limits,
    entries: usize,
    unpacked: u64,
}

impl UnpackBudget {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, entries: 0, unpacked: 0 }
    }

    /// Counts one more entry, of the size that the archive states, after `packed` bytes of the archive were read.
    pub(super) fn admit(&mut self, name: &str, size: u64, packed: u64) -> Result<(), ArchiveRefusal> {
        self.entries += 1;
        self.unpacked = self.unpacked.saturating_add(size);
        let limits = &self.limits;
        let fault = if self.entries > limits.entries {
            ArchiveFault::TooManyEntries(limits.entries)
        } else if size > limits.file {
            ArchiveFault::TooLarge(limits.file)
        } else if self.unpacked > limits.total {
            ArchiveFault::TotalTooLarge(limits.total)
        } else if self.unpacked > limits.free && self.unpacked / limits.ratio > packed {
            ArchiveFault::Bomb(limits.ratio)
        } else {
            return Ok(());
        };
        Err(ArchiveRefusal::entry(name, fault))
    }
}

/// Parses an entry's name.
fn entry_path(name: &str) -> Result<EntryPath, ArchiveRefusal> {
    EntryPath::parse(name).map_err(|error| ArchiveRefusal::entry(name, ArchiveFault::Path(error)))
}

/// Reads exactly `size` bytes into `buffer`, which is emptied first.
pub(super) fn read_exactly(source: &mut dyn io::Read, size: u64, buffer: &mut Vec<u8>) -> io::Result<()> {
    use io::Read;

    buffer.clear();
    buffer.reserve(usize::try_from(size.min(SMALL)).unwrap_or_default());
    source.take(size).read_to_end(buffer)?;
    if buffer.len() as u64 == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
