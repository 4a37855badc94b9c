//! An index over the packages of a lock, without prefetching.

use std::sync::Arc;

use super::Registries;
use super::registries::NETWORK_THREADS;
use crate::model::{Graph, PackageId, PackageKey, Platform, Requirement};
use crate::parallel::map_parallel;
use crate::resolve::{Chosen, Index, IndexError, Release, Versions};

/// An index that does not prefetch. Comparing a lock with its registries needs only the locked versions.
pub struct LockedIndex<'a> {
    registries: &'a Registries,
}

impl<'a> LockedIndex<'a> {
    /// Fetches the metadata of locked packages concurrently. An error is reported when the package is looked up.
    pub fn fetch(registries: &'a Registries, locked: &Graph) -> Self {
        let index = Self { registries };
        registries.record_places(&locked.roots);
        let keys: Vec<&PackageKey> = locked.packages.keys().collect();
        map_parallel(&keys, NETWORK_THREADS, |key| {
            let Ok(versions) = index.versions(&key.id) else { return };
            let place = versions.candidates.iter().position(|candidate| candidate.version == key.version);
            if let Some(ordinal) = place.and_then(|place| u32::try_from(place).ok()) {
                // An error is reported when the release is looked up.
                let _ = index.release(&key.id, ordinal);
            }
        });
        index
    }
}

impl Index for LockedIndex<'_> {
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError> {
        self.registries.versions(package)
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError> {
        self.registries.release_only(package, ordinal)
    }

    fn prefetch(&self, _requirements: &[Requirement]) {}

    fn prefetch_releases(&self, _package: &PackageId, _ordinals: &[u32]) {}

    fn by_platform(&self, chosen: &[Chosen]) -> Result<Vec<Option<Arc<Release>>>, IndexError> {
        self.registries.by_platform(chosen)
    }

    fn oldest_system(&self, package: &PackageId, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        self.registries.oldest_system(package, ordinal, platform)
    }
}
