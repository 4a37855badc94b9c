//! The registries, asked about what a lock has and about nothing else.

use std::sync::Arc;

use super::Registries;
use super::ahead::side_by_side;
use super::registries::REMOTE_THREADS;
use crate::model::{PackageId, PackageKey, Platform, Requirement};
use crate::resolve::{Chosen, Index, IndexError, Release, Versions};

/// An index that expects nothing beyond what it is asked: a solve would look for newer versions ahead, a comparison does not
/// need them.
pub struct LockedIndex<'a> {
    registries: &'a Registries,
}

impl<'a> LockedIndex<'a> {
    /// Asks for the metadata of locked packages, side by side. What cannot be had is told when it is asked for.
    pub fn read(registries: &'a Registries, locked: &[PackageKey]) -> Self {
        let index = Self { registries };
        side_by_side(locked, REMOTE_THREADS, |key| {
            let Ok(versions) = index.versions(&key.id) else { return };
            let place = versions.candidates.iter().position(|candidate| candidate.version == key.version);
            if let Some(ordinal) = place.and_then(|place| u32::try_from(place).ok()) {
                // Whoever asks for it is told of an error.
                let _ = index.release(&key.id, ordinal);
            }
        });
        index
    }

    /// Returns those of the packages whose locked version a cached answer does not have.
    pub fn doubtful(&self, locked: &[PackageKey]) -> Vec<PackageId> {
        let lacks = |key: &&PackageKey| match self.versions(&key.id) {
            Ok(versions) => versions.cached && !versions.candidates.iter().any(|one| one.version == key.version),
            Err(_) => false,
        };
        locked.iter().filter(lacks).map(|key| key.id.clone()).collect()
    }
}

impl Index for LockedIndex<'_> {
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError> {
        self.registries.versions(package)
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError> {
        self.registries.release_alone(package, ordinal)
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
