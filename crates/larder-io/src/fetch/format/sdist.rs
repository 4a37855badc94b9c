//! Source distributions: gzipped tars (PEP 625), zips from before that, which are unpacked to be built. Whose one is, its PKG-INFO
//! says.

use std::io::{BufRead, Read};
use std::path::Path;

use super::tarball::TarballFormat;
use super::wheel::WheelFormat;
use super::{Arrival, Format, Unpacked, Unspooling};
use crate::fetch::hashing::HashingReader;
use crate::fetch::unpack::{ArchiveFault, Spool, ZipRoot, check_metadata, is_zip, unpack_zip};
use crate::fs::Demand;
use crate::model::{Algorithm, PackageKey};
use crate::store::{Staging, StoreError, Tree, TreeEntry};

pub(super) struct SdistFormat;

const PKG_INFO: &str = "PKG-INFO";

impl Format for SdistFormat {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError> {
        match source.fill_buf() {
            Err(_) => Ok(Unpacked::Not(None)),
            Ok(head) if is_zip(head) => WheelFormat.arrive(source, arrival, staging),
            Ok(_) => TarballFormat.arrive(source, arrival, staging),
        }
    }

    fn unpack(
        &self,
        spool: Spool<'_>,
        with: &Unspooling<'_>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'static>, StoreError> {
        Unpacked::of(unpack_zip(spool, ZipRoot::FirstFolder, with.memory, staging, with.limits))
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
        TarballFormat.measure(body, length, place)
    }
}
