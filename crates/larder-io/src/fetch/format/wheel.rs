//! Wheels: kept until they are there, as what is in one stands at its end. Whose one is, its METADATA says.

use super::{Arrival, Format, Unpacked, Unspooling};
use crate::fetch::hashing::HashingReader;
use crate::fetch::unpack::{ArchiveFault, ArchiveRefusal, Spool, check_metadata, unpack_wheel};
use crate::model::{Algorithm, PackageKey};
use crate::store::{Staging, StoreError, Tree, TreeEntry, WriteError};

pub(super) struct WheelFormat;

impl Format for WheelFormat {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError> {
        match Spool::fill(source, arrival.length, arrival.memory, staging) {
            Ok(spool) => Ok(Unpacked::Spooled(spool)),
            Err(WriteError::Source(_)) => Ok(Unpacked::Not(None)),
            Err(WriteError::Fs(error)) => Err(error.into()),
        }
    }

    fn unpack(
        &self,
        spool: Spool<'_>,
        with: &Unspooling<'_>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'static>, StoreError> {
        match with.owner.package() {
            Some(package) => Unpacked::of(unpack_wheel(spool, package, with.memory, staging, with.limits)),
            None => Ok(Unpacked::Not(Some(ArchiveRefusal::Archive(ArchiveFault::NoMetadata)))),
        }
    }

    fn identity<'t>(&self, tree: &'t Tree) -> Result<Option<&'t str>, ArchiveFault> {
        let is_metadata = |path: &&str| path.ends_with(".dist-info/METADATA") && path.matches('/').count() == 1;
        let mut paths = tree.entries.iter().map(|entry| &*entry.path);
        paths.find(is_metadata).map(Some).ok_or(ArchiveFault::NoMetadata)
    }

    /// It is compared before anything is written.
    fn unpacked_identity<'e>(&self, _: &'e [TreeEntry]) -> Option<&'e str> {
        None
    }

    fn check(&self, file: &[u8], package: &PackageKey) -> Result<(), ArchiveFault> {
        check_metadata(file, package)
    }
}
