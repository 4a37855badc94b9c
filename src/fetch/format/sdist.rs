//! Source distributions (PEP 625): gzipped tars that are unpacked to be built. Whose one is, its PKG-INFO says.

use std::io::Read;
use std::path::Path;

use super::tarball::Tarball;
use super::{Arrival, Format, Unpacked};
use crate::fetch::hashing::HashingReader;
use crate::fetch::unpack::{ArchiveFault, check_metadata};
use crate::fs::Demand;
use crate::model::{Algorithm, PackageKey};
use crate::store::{Staging, StoreError, Tree, TreeEntry};

pub(super) struct Sdist;

const PKG_INFO: &str = "PKG-INFO";

impl Format for Sdist {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError> {
        Tarball.arrive(source, arrival, staging)
    }

    /// Old source distributions may have none.
    fn identity<'t>(&self, _: &'t Tree) -> Result<Option<&'t str>, ArchiveFault> {
        Ok(Some(PKG_INFO))
    }

    fn unpacked_identity<'e>(&self, _: &'e [TreeEntry]) -> Option<&'e str> {
        Some(PKG_INFO)
    }

    fn check(&self, file: &[u8], package: &PackageKey) -> Result<(), ArchiveFault> {
        check_metadata(file, package)
    }

    fn measure(&self, body: &mut dyn Read, length: Option<u64>, place: &Path) -> Option<Demand> {
        Tarball.measure(body, length, place)
    }
}
