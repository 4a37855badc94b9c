//! What a registry has of one package.

use std::sync::Arc;

use super::archived::ArchivedPackage;
use super::feed::FeedPackage;
use crate::model::{CreatioVersion, Origin, StatedVersions, TargetInstance, Version};
use crate::registry::client::{FileLocation, RegistryClient};
use crate::registry::protocol::{PackageListing, ReleaseError};
use crate::resolve::{Candidate, Release, Versions};

/// What a registry has of one package.
pub(super) struct CreatioListing {
    versions: Arc<Versions>,
    instance: TargetInstance,
    source: ListingSource,
}

/// Where the packages are described, in the order of the versions.
enum ListingSource {
    /// They are known.
    Archives(Vec<Arc<ArchivedPackage>>),
    /// Their own files have to be fetched.
    Feed(FeedPackage, Vec<CreatioVersion>),
}

impl CreatioListing {
    /// Lists packages that are known, which are of one name.
    pub(super) fn of_archives(
        client: &RegistryClient,
        instance: &TargetInstance,
        mut packages: Vec<Arc<ArchivedPackage>>,
    ) -> Self {
        packages.sort_by(|a, b| a.version.cmp(&b.version));
        let versions = packages.iter().map(|package| &package.version);
        Self {
            versions: Arc::new(versions_of(client, versions, false)),
            instance: instance.clone(),
            source: ListingSource::Archives(packages),
        }
    }

    /// Lists the versions of a feed, which are sorted.
    pub(super) fn of_feed(
        package: FeedPackage,
        instance: &TargetInstance,
        versions: Vec<CreatioVersion>,
        is_cached: bool,
    ) -> Self {
        Self {
            versions: Arc::new(versions_of(&package.client, versions.iter(), is_cached)),
            instance: instance.clone(),
            source: ListingSource::Feed(package, versions),
        }
    }
}

fn versions_of<'v>(
    client: &RegistryClient,
    versions: impl Iterator<Item = &'v CreatioVersion>,
    is_cached: bool,
) -> Versions {
    let mut versions = Versions {
        origin: Some(Origin::Registry(client.name().clone())),
        candidates: versions.map(|version| Candidate::new(Version::from(version.clone()))).collect(),
        cached: is_cached,
        ..Versions::default()
    };
    client.note_unknown_ages(&mut versions);
    versions
}

impl PackageListing for CreatioListing {
    fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    fn release(&self, ordinal: u32) -> Result<Release, ReleaseError> {
        match &self.source {
            ListingSource::Archives(packages) => {
                let package = packages.get(ordinal as usize).ok_or(ReleaseError::Unusable(None))?;
                // A file has no versions to choose from: what it states is what was there when it was packed.
                Ok(package.release(&self.instance, StatedVersions::Any))
            }
            ListingSource::Feed(feed, versions) => {
                let version = versions.get(ordinal as usize).ok_or(ReleaseError::Unusable(None))?;
                let package = feed.package(version)?;
                Ok(package.release(&self.instance, self.instance.stated_versions))
            }
        }
    }

    /// Archives are found by what a lock says of them.
    fn file_location(&self, _: &Version, _: &str) -> Option<FileLocation> {
        None
    }
}
