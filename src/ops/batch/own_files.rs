//! What registries say of packages, without what these depend on: a list is fetched as it is.

use std::sync::Arc;

use crate::model::{PackageId, Platform, Requirement};
use crate::registry::Registries;
use crate::resolve::{Chosen, Index, IndexError, Release, Versions};

/// The registries, as if no package depended on another.
pub(super) struct OwnFiles<'a>(pub(super) &'a Registries);

impl Index for OwnFiles<'_> {
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError> {
        self.0.versions(package)
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError> {
        let release = match self.0.release_only(package, ordinal) {
            Ok(release) => Release::clone(&release),
            // What it depends on is not asked.
            Err(IndexError::Unbuilt(unbuilt)) => Release { artifacts: vec![unbuilt.sdist], ..Release::default() },
            Err(error) => return Err(error),
        };
        let identity = release.identity.map(|mut identity| {
            identity.depends_on.clear();
            identity
        });
        let (dependencies, declared_on) = (Vec::new(), Vec::new());
        Ok(Arc::new(Release { dependencies, declared_on, identity, lacks_metadata: false, ..release }))
    }

    fn prefetch(&self, _requirements: &[Requirement]) {}

    fn prefetch_releases(&self, _package: &PackageId, _ordinals: &[u32]) {}

    fn by_platform(&self, chosen: &[Chosen]) -> Result<Vec<Option<Arc<Release>>>, IndexError> {
        Ok(vec![None; chosen.len()])
    }

    fn oldest_system(&self, package: &PackageId, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        self.0.oldest_system(package, ordinal, platform)
    }
}
