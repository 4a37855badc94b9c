//! The published versions of a package, and their archives, for whoever compares with them.

use std::sync::Arc;

use super::{Registries, RegistryEntry};
use crate::diagnostic::Failure;
use crate::fetch::{Encoding, Request, RequestTarget};
use crate::model::{Digest, Label, PackageName, Version};
use crate::package::{self, ArchiveFile, Body};
use crate::registry::RegistryError;
use crate::registry::client::ListingError;
use crate::registry::protocol::{PackageListing, ReleaseError};

/// The most bytes of an archive.
const LARGEST: u64 = package::MAX_SIZE;

/// A version that a registry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedVersion {
    /// The version.
    pub version: semver::Version,
    /// Whether it is yanked.
    pub is_yanked: bool,
}

type Result<T> = std::result::Result<T, Arc<dyn Failure>>;

impl Registries {
    /// Returns the versions of a private package, the oldest first. Returns none if the registry does not have it.
    pub fn published(&self, label: &Label, name: &PackageName) -> Result<Vec<PublishedVersion>> {
        let Some(listing) = self.private_listing(label, name)? else { return Ok(Vec::new()) };
        let versions = listing.versions().candidates.iter().filter_map(|candidate| {
            let version = candidate.version.as_semver()?.clone();
            Some(PublishedVersion { version, is_yanked: candidate.yanked })
        });
        Ok(versions.collect())
    }

    /// Fetches the archive of a published version, and returns what its publisher says and its files. Both are held to what the
    /// registry's log stands for.
    pub fn published_files(
        &self,
        label: &Label,
        name: &PackageName,
        version: &semver::Version,
    ) -> Result<(Body, Vec<ArchiveFile>)> {
        let bad = |reason: String| -> Arc<dyn Failure> {
            let (registry, file) = (label.clone(), format!("the archive of {name} {version}"));
            Arc::new(RegistryError::LarderFile { registry, file, reason })
        };
        let missing = || bad("it is not published".to_owned());
        let listing = self.private_listing(label, name)?.ok_or_else(missing)?;
        let wanted: Version = Version::from(version.clone());
        let ordinal = listing.versions().candidates.iter().position(|candidate| candidate.version == wanted);
        let ordinal = ordinal.and_then(|ordinal| u32::try_from(ordinal).ok()).ok_or_else(missing)?;
        let release = listing.release(ordinal).map_err(|error| match error {
            ReleaseError::Failed(failure) | ReleaseError::Unusable(Some(failure)) => failure,
            ReleaseError::Unusable(None) | ReleaseError::Unbuilt(_) => bad("it cannot be used".to_owned()),
        })?;
        let (Some(artifact), Some(attestation)) = (release.artifacts.first(), release.attestation) else {
            return Err(bad("this larder cannot read its format".to_owned()));
        };
        let RegistryEntry { client, protocol, .. } = self.entry(label)?;
        let path = protocol.default_path(name, &artifact.file).ok_or_else(missing)?;
        let target = RequestTarget::Below(&path);
        let request = Request { target, encoding: Encoding::Identity, limit: Some(LARGEST), ..Request::default() };
        let answer =
            client.http.read(&client.endpoint, &request).map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
        if artifact.digest != Some(Digest::sha256_of(&answer.bytes)) {
            let (registry, file) = (label.clone(), artifact.file.clone());
            return Err(Arc::new(RegistryError::WrongBytes { registry, file }));
        }
        let (body, files) = package::open_archive(&answer.bytes).map_err(bad)?;
        if body.tree != attestation.tree || Digest::sha256_of(body.to_json()) != attestation.body {
            let (registry, file) = (label.clone(), artifact.file.clone());
            return Err(Arc::new(RegistryError::WrongBytes { registry, file }));
        }
        Ok((body, files))
    }

    fn private_listing(&self, label: &Label, name: &PackageName) -> Result<Option<Arc<dyn PackageListing>>> {
        let RegistryEntry { client, protocol, .. } = self.entry(label)?;
        match protocol.fetch_listing(client, name, &self.state.settings) {
            Ok(listing) => Ok(Some(listing)),
            Err(ListingError::Missing) => Ok(None),
            Err(ListingError::Failed(failure)) => Err(failure),
        }
    }
}
