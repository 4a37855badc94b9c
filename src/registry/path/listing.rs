//! What is known of a local package: the one version that lies in its folder.

use std::path::Path;
use std::sync::Arc;

use super::{Members, PathError, PathPackage};
use crate::model::Version;
use crate::registry::listing::Stated;
use crate::registry::protocol::{self, NoRelease};
use crate::resolve::{Candidate, Release, Versions};

pub(in crate::registry) struct Listing {
    versions: Arc<Versions>,
    package: PathPackage,
    folder: Arc<str>,
}

impl Listing {
    /// Reads the package in a folder.
    pub(in crate::registry) fn read(root: &Path, folder: Arc<str>, members: &Members) -> Result<Self, PathError> {
        let package = super::read(root, &folder, members)?;
        let candidates = vec![Candidate::new(package.version.clone().into())];
        let versions = Arc::new(Versions { candidates, ..Versions::default() });
        Ok(Self { versions, package, folder })
    }
}

impl protocol::Listing for Listing {
    fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    fn release(&self, _: u32) -> Result<Release, NoRelease> {
        Ok(Release {
            dependencies: self.package.dependencies.clone(),
            declared_on: Vec::new(),
            extras: self.package.extras.clone(),
            artifacts: Vec::new(),
            facts: self.package.facts.clone(),
            folder: Some(Arc::clone(&self.folder)),
        })
    }

    fn stated(&self, _: &Version, _: &str) -> Option<Stated> {
        None
    }
}
