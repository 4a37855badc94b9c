//! Compares the package that a lock names with the one that the content of its artifact declares.
//!
//! A digest identifies the bytes, but not the package: a lock may pair a package with the digest of another one's artifact.

use super::format::Format;
use super::unpack::ArchiveRefusal;
use crate::fs::{self, FsError};
use crate::model::ArtifactOwner;
use crate::store::{Staging, Tree};

/// Compares the content that was just unpacked with its package, and records the package in the tree.
pub(super) fn check_unpacked(
    staging: &mut Staging<'_>,
    format: &dyn Format,
    owner: &ArtifactOwner,
) -> Result<Option<ArchiveRefusal>, FsError> {
    if let (Some(file), Some(package)) = (format.unpacked_identity(staging.entries()), owner.package())
        && let Some(bytes) = staging.read(file)?
        && let Err(fault) = format.check(&bytes, package)
    {
        return Ok(Some(ArchiveRefusal::entry(file, fault)));
    }
    staging.set_package(name_of(owner));
    Ok(None)
}

/// Compares the content of a tree in the store with its package. Reads nothing if the tree was unpacked as that package.
pub(super) fn check_tree(
    tree: &Tree,
    format: &dyn Format,
    owner: &ArtifactOwner,
) -> Result<Option<ArchiveRefusal>, FsError> {
    if tree.is_known_as(&name_of(owner)) {
        return Ok(None);
    }
    let file = match format.identity(tree) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(fault) => return Ok(Some(ArchiveRefusal::Archive(fault))),
    };
    let Some(package) = owner.package() else { return Ok(None) };
    let Some(bytes) = fs::read_record(&tree.folder.join(file))? else { return Ok(None) };
    Ok(format.check(&bytes, package).err().map(|fault| ArchiveRefusal::entry(file, fault)))
}

/// Returns the text for a package or a runtime in the index of a tree.
fn name_of(owner: &ArtifactOwner) -> String {
    match owner {
        ArtifactOwner::Package(package) => {
            format!("{}:{}@{}", package.id.ecosystem, package.id.name, package.version)
        }
        ArtifactOwner::Runtime(runtime) => format!("runtime:{runtime}"),
    }
}
