//! Tools by URL: archives of any of the usual forms, or a program as it is. Nothing in one says what it is.

use std::io::BufRead;

use super::wheel::WheelFormat;
use super::{Arrival, Format, Unpacked, Unspooling};
use crate::fetch::hashing::HashingReader;
use crate::fetch::unpack::{ArchiveFault, Spool, ZipRoot, is_zip, unpack_archive, unpack_zip};
use crate::model::{Algorithm, PackageKey};
use crate::store::{Staging, StoreError, Tree, TreeEntry};

pub(super) struct ArchiveFormat;

impl Format for ArchiveFormat {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    /// What it is, its first bytes say: servers and names are often wrong. A zip is kept until it is there.
    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError> {
        match source.fill_buf() {
            Err(_) => Ok(Unpacked::Not(None)),
            Ok(head) if is_zip(head) => WheelFormat.arrive(source, arrival, staging),
            Ok(_) => Unpacked::of(unpack_archive(source, arrival.packed, arrival.memory, staging, arrival.limits)),
        }
    }

    fn unpack(
        &self,
        spool: Spool<'_>,
        with: &Unspooling<'_>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'static>, StoreError> {
        Unpacked::of(unpack_zip(spool, ZipRoot::Archive, with.memory, staging, with.limits))
    }

    fn identity<'t>(&self, _: &'t Tree) -> Result<Option<&'t str>, ArchiveFault> {
        Ok(None)
    }

    fn unpacked_identity<'e>(&self, _: &'e [TreeEntry]) -> Option<&'e str> {
        None
    }

    fn check(&self, _: &[u8], _: &PackageKey) -> Result<(), ArchiveFault> {
        Ok(())
    }
}
