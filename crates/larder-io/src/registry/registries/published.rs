//! The published versions of a package, their archives, for whoever compares with them, and their times.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{NETWORK_THREADS, Registries, RegistryEntry};
use crate::diagnostic::Failure;
use crate::fetch::{Encoding, Request, RequestTarget};
use crate::model::{Digest, Label, PackageKey, PackageName, Version};
use crate::package::{self, ArchiveFile, Body};
use crate::parallel::map_parallel;
use crate::provenance::RegistrySignature;
use crate::registry::RegistryError;
use crate::registry::client::ListingError;
use crate::registry::protocol::{PackageListing, ReleaseError};
use crate::resolve::{AgeRule, IndexError};

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

/// The signatures that a registry states of a version, and when it was published.
pub type StatedSignatures = (Vec<RegistrySignature>, Option<Timestamp>);

/// What a registry's listing tells of when a version was published.
enum PublicationTime {
    At(Timestamp),
    /// There is no time, and the registry's `age` admits that.
    Admitted,
    /// There is no time.
    Untold,
    NoSuchVersion,
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

    /// Returns when versions were published, as far as their registries tell; those of registries whose `age` admits versions without
    /// a time are left out if they have none. A cached listing that lacks a version is revalidated.
    pub fn publication_times(
        &self,
        keys: &[PackageKey],
    ) -> std::result::Result<BTreeMap<PackageKey, Option<Timestamp>>, IndexError> {
        let look_up = |keys: &[PackageKey]| map_parallel(keys, NETWORK_THREADS, |key| self.publication_time(key));
        let mut known = look_up(keys);
        let is_missing = |time: &std::result::Result<PublicationTime, IndexError>| {
            matches!(time, Ok(PublicationTime::NoSuchVersion))
        };
        let missing = keys.iter().zip(&known).filter(|(_, time)| is_missing(time)).map(|(key, _)| key.id.clone());
        if self.drop_cached(&missing.collect::<Vec<_>>()) {
            known = look_up(keys);
        }
        let mut times = BTreeMap::new();
        for (key, time) in keys.iter().zip(known) {
            match time {
                Ok(PublicationTime::At(time)) => drop(times.insert(key.clone(), Some(time))),
                Ok(PublicationTime::NoSuchVersion | PublicationTime::Untold)
                | Err(IndexError::NotFound { .. } | IndexError::Unserved(_)) => {
                    times.insert(key.clone(), None);
                }
                Ok(PublicationTime::Admitted) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(times)
    }

    /// Returns the registries' signatures of versions, and when they were published, in the order of the keys. A version that its
    /// registry does not have has none.
    pub fn stated_signatures(&self, keys: &[PackageKey]) -> std::result::Result<Vec<StatedSignatures>, IndexError> {
        let stated = map_parallel(keys, NETWORK_THREADS, |key| {
            let listing = self.state.listing(&key.id)?;
            let mut candidates = listing.versions().candidates.iter().zip(0..);
            let found = candidates.find(|(candidate, _)| candidate.version == key.version);
            Ok(found.map(|(candidate, ordinal)| (listing.signatures(ordinal), candidate.published)).unwrap_or_default())
        });
        stated.into_iter().collect()
    }

    fn publication_time(&self, key: &PackageKey) -> std::result::Result<PublicationTime, IndexError> {
        let listing = self.state.listing(&key.id)?;
        let candidate = listing.versions().candidates.iter().find(|candidate| candidate.version == key.version);
        Ok(match candidate.map(|candidate| (candidate.published, candidate.age)) {
            None => PublicationTime::NoSuchVersion,
            Some((Some(time), _)) => PublicationTime::At(time),
            Some((None, AgeRule::Exempt)) => PublicationTime::Admitted,
            Some((None, AgeRule::Applies)) => PublicationTime::Untold,
        })
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
