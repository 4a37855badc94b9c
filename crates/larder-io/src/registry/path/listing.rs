//! The listing of a local package: the one version in its folder.

use std::path::Path;
use std::sync::Arc;

use super::{LocalPackageError, LocalPackageIndex, PathPackage};
use crate::model::Version;
use crate::registry::client::FileLocation;
use crate::registry::protocol::{PackageListing, ReleaseError};
use crate::resolve::{Candidate, Release, Versions};

pub(in crate::registry) struct PathListing {
    versions: Arc<Versions>,
    package: PathPackage,
    folder: Arc<str>,
}

impl PathListing {
    /// Reads the package in a folder.
    pub(in crate::registry) fn read(
        root: &Path,
        folder: Arc<str>,
        local_packages: &LocalPackageIndex,
    ) -> Result<Self, LocalPackageError> {
        let package = super::read(root, &folder, local_packages)?;
        let candidates = vec![Candidate::new(package.version())];
        let versions = Arc::new(Versions { candidates, ..Versions::default() });
        Ok(Self { versions, package, folder })
    }
}

impl PackageListing for PathListing {
    fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    fn release(&self, _: u32) -> Result<Release, ReleaseError> {
        Ok(Release {
            dependencies: self.package.dependencies.clone(),
            extras: self.package.extras.clone(),
            facts: self.package.facts.clone(),
            folder: Some(Arc::clone(&self.folder)),
            ..Release::default()
        })
    }

    fn file_location(&self, _: &Version, _: &str) -> Option<FileLocation> {
        None
    }
}
