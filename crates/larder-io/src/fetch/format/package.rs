//! Private packages: archives that larder packed. Whose one is, its larder.kdl says.

use std::io::Read;
use std::path::Path;

use super::tarball::TarballFormat;
use super::{Arrival, Format, Unpacked};
use crate::fetch::hashing::HashingReader;
use crate::fetch::unpack::{ArchiveFault, unpack_package};
use crate::fs::Demand;
use crate::manifest::{self, ManifestKind};
use crate::model::{Algorithm, PackageKey};
use crate::package::MANIFEST;
use crate::store::{Staging, StoreError, Tree, TreeEntry};

pub(super) struct PackageFormat;

impl Format for PackageFormat {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError> {
        Unpacked::of(unpack_package(source, arrival.packed, arrival.memory, staging, arrival.limits))
    }

    fn identity<'t>(&self, tree: &'t Tree) -> Result<Option<&'t str>, ArchiveFault> {
        if tree.entry(MANIFEST).is_some() { Ok(Some(MANIFEST)) } else { Err(ArchiveFault::NoManifest) }
    }

    fn unpacked_identity<'e>(&self, _: &'e [TreeEntry]) -> Option<&'e str> {
        Some(MANIFEST)
    }

    fn check(&self, file: &[u8], package: &PackageKey) -> Result<(), ArchiveFault> {
        let text = std::str::from_utf8(file).map_err(|_| ArchiveFault::BadManifest("it is not UTF-8".to_owned()))?;
        let manifest = manifest::parse(MANIFEST, text, ManifestKind::Package).map_err(|errors| {
            ArchiveFault::BadManifest(errors.errors.first().map(ToString::to_string).unwrap_or_default())
        })?;
        let Some(own) = manifest.package else {
            return Err(ArchiveFault::BadManifest("it has no `package`".to_owned()));
        };
        let (name, version) = (own.name.value, own.version.value);
        let is_version = package.version.cmp_public(&version.clone().into()).is_eq();
        if name == package.id.name && is_version {
            return Ok(());
        }
        Err(ArchiveFault::OtherPackage(format!("`{name}` {version}")))
    }

    fn measure(&self, body: &mut dyn Read, length: Option<u64>, place: &Path) -> Option<Demand> {
        TarballFormat.measure(body, length, place)
    }
}
