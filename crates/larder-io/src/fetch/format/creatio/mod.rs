//! Creatio packages: runs of records, unpacked as they arrive. Whose one is, its descriptor.json says.

mod unpack;

use super::{Arrival, Format, Unpacked};
use crate::creatio::{Descriptor, is_descriptor};
use crate::fetch::hashing::HashingReader;
use crate::fetch::unpack::ArchiveFault;
use crate::model::{Algorithm, PackageKey};
use crate::store::{Staging, StoreError, Tree, TreeEntry};

pub use unpack::{PackageHead, read_head};

pub(super) struct CreatioFormat;

impl Format for CreatioFormat {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha256
    }

    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError> {
        Unpacked::of(unpack::unpack(source, arrival.packed, arrival.memory, staging, arrival.limits))
    }

    fn identity<'t>(&self, tree: &'t Tree) -> Result<Option<&'t str>, ArchiveFault> {
        let no_descriptor = || ArchiveFault::Damaged("it has no descriptor.json".to_owned());
        self.unpacked_identity(&tree.entries).map(Some).ok_or_else(no_descriptor)
    }

    fn unpacked_identity<'e>(&self, entries: &'e [TreeEntry]) -> Option<&'e str> {
        entries.iter().map(|entry| &*entry.path).find(|path| is_descriptor(path))
    }

    fn check(&self, file: &[u8], package: &PackageKey) -> Result<(), ArchiveFault> {
        let own = Descriptor::parse(file).map_err(|error| ArchiveFault::Damaged(format!("it {error}")))?;
        let version = own.version_or_none();
        if own.name == package.id.name && Some(&version) == package.version.as_creatio() {
            return Ok(());
        }
        Err(ArchiveFault::OtherPackage(format!("`{}` {version}", own.name)))
    }
}
