//! Whose content a tree is: what a lock calls it is compared with what it calls itself.
//!
//! A digest says that bytes are those of an artifact, and not of which: a lock whose author put another package's digest in
//! a line is true to the digest.

use super::format::Format;
use super::unpack::Refusal;
use crate::fs::{self, FsError};
use crate::model::PackageKey;
use crate::store::{Staging, Tree};

/// Compares the content that was just unpacked with the package that it is to be, and notes that it is.
pub(super) fn check_unpacked(
    staging: &mut Staging<'_>,
    format: &dyn Format,
    package: &PackageKey,
) -> Result<Option<Refusal>, FsError> {
    if let Some(file) = format.unpacked_identity()
        && let Some(bytes) = staging.read(file)?
        && let Err(trouble) = format.check(&bytes, package)
    {
        return Ok(Some(Refusal::entry(file, trouble)));
    }
    staging.set_package(name_of(package));
    Ok(None)
}

/// Compares the content of a tree that the store had with the package that it is to be. Nothing is read where the tree was
/// unpacked as that package.
pub(super) fn check_tree(tree: &Tree, format: &dyn Format, package: &PackageKey) -> Result<Option<Refusal>, FsError> {
    if tree.is_known_as(&name_of(package)) {
        return Ok(None);
    }
    let file = match format.identity(tree) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(trouble) => return Ok(Some(Refusal::Archive(trouble))),
    };
    let Some(bytes) = fs::read_record(&tree.folder.join(file))? else { return Ok(None) };
    Ok(format.check(&bytes, package).err().map(|trouble| Refusal::entry(file, trouble)))
}

/// Returns what an index calls a package.
fn name_of(package: &PackageKey) -> String {
    format!("{}:{}@{}", package.id.ecosystem, package.id.name, package.version)
}
