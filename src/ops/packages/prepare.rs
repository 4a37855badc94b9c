//! A package made ready to be published: its body and its archive.

use crate::manifest::ManifestErrors;
use crate::ops::Result;
use crate::package::{self, ArchiveFile, Body, check_contents, tree_digest};

use super::{OwnPackage, files};

/// A package that can be published.
#[derive(Debug)]
pub(in crate::ops) struct Prepared {
    /// What its publisher says of it.
    pub(in crate::ops) body: Body,
    /// Its files, sorted by path.
    pub(in crate::ops) files: Vec<ArchiveFile>,
}

impl Prepared {
    /// Returns the archive of the package.
    pub(in crate::ops) fn archive(&self) -> Vec<u8> {
        package::write(&self.body.folder_name(), &self.files)
    }
}

/// Reads a package's files and holds them to all that needs no registry. `allowed` are paths that may look like secrets.
pub(in crate::ops) fn prepare(own: &OwnPackage, allowed: &[String]) -> Result<Prepared> {
    let files = files::read(own, allowed)?;
    let errors = check_contents(&own.package, &files);
    if let Some(errors) = ManifestErrors::new(&own.manifest.file, &own.manifest.text, errors) {
        return Err(errors.into());
    }
    let body = Body::of(&own.manifest, &own.package, tree_digest(&files))?;
    Ok(Prepared { body, files })
}
