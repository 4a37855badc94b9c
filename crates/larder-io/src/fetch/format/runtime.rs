//! Runtimes: tarballs of a whole installation, whose links are kept. Nothing in one says which runtime it is.

use std::io::Read;
use std::path::Path;

use super::tarball::TarballFormat;
use super::{Arrival, Format, Unpacked};
use crate::fetch::hashing::HashingReader;
use crate::fetch::unpack::{ArchiveFault, unpack_runtime};
use crate::fs::Demand;
use crate::model::{Algorithm, PackageKey};
use crate::store::{Staging, StoreError, Tree, TreeEntry};

pub(super) struct RuntimeFormat;

impl Format for RuntimeFormat {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError> {
        Unpacked::of(unpack_runtime(source, arrival.packed, arrival.memory, staging, arrival.limits))
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

    fn measure(&self, body: &mut dyn Read, length: Option<u64>, place: &Path) -> Option<Demand> {
        TarballFormat.measure(body, length, place)
    }
}
