//! The contract of an ecosystem: the protocol of its registries, and the listing of a package.

use std::path::Path;
use std::sync::Arc;

use super::client::{FileLocation, ListingError, RegistryClient};
use super::mirror_folder::MirroredPackage;
use super::platform_metadata::MetadataQuery;
use super::release::{PackedRelease, ReleaseFolder};
use crate::diagnostic::Failure;
use crate::fetch::{Authorization, Endpoint, RegistryAddress, RequestTarget};
use crate::model::{Artifact, Digest, LogKey, PackageName, Platform, Requirement, Settings, Version};
use crate::provenance::{RegistrySignature, npm_bundles, pep740_bundles};
use crate::resolve::{PlatformSet, Release, UnbuiltRelease, Versions};

/// The protocol of one registry. An implementation may remember properties of the server that do not affect results.
pub(super) trait Protocol: Send + Sync {
    /// Adds to an address of the registry where its files are, and which URLs its credentials are for.
    fn describe_place(&self, place: RegistryAddress) -> RegistryAddress {
        place
    }

    /// Returns the `Authorization` header for a token.
    fn token_authorization(&self, token: &str) -> Authorization {
        Authorization::bearer(token)
    }

    /// Returns the `Authorization` header for a user and a password. The user may be empty.
    fn login_authorization(&self, user: &str, password: &str) -> Authorization {
        if user.is_empty() { Authorization::bearer(password) } else { Authorization::basic(user, password) }
    }

    /// Returns whether listings contain the dependencies of all versions. Otherwise they are fetched for each version.
    fn lists_dependencies(&self) -> bool;

    /// Returns a package's listing from the cache. Returns `None` if it would have to be revalidated.
    fn cached_listing(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        settings: &Settings,
    ) -> Option<Arc<dyn PackageListing>>;

    /// Returns a package's listing, from the cache or from the registry.
    fn fetch_listing(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        settings: &Settings,
    ) -> Result<Arc<dyn PackageListing>, ListingError>;

    /// Notes what a requirement says of where its package comes from. It is called before the package is asked for.
    fn note(&self, _requirement: &Requirement) {}

    /// Returns the content of an artifact that lies inside another file of the registry. Returns `None` if the protocol's artifacts are files of their
    /// own.
    fn open_inside(
        &self,
        _client: &RegistryClient,
        _package: (&PackageName, &Version),
        _artifact: &Artifact,
    ) -> Option<Result<Vec<u8>, Arc<dyn Failure>>> {
        None
    }

    /// Returns the target that a lock's hint stands for.
    fn hint_target<'h>(&self, hint: &'h str) -> RequestTarget<'h> {
        RequestTarget::Below(hint)
    }

    /// Returns whether a hint contains the file's digest, so that it needs no confirmation by a document.
    fn is_content_addressed(&self, _hint: &str, _file: &str) -> bool {
        false
    }

    /// Returns the path below the registry at which it takes publications. Returns `None` if larder does not publish to it.
    fn publications(&self, _client: &RegistryClient) -> Result<Option<String>, Arc<dyn Failure>> {
        Ok(None)
    }

    /// Returns the globs of files that belong to a released package though git ignores them. `read` reads files of its folder.
    fn release_includes(&self, _read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        Vec::new()
    }

    /// Packs a folder for a release. Returns `None` if it is no package of this ecosystem, or not to be published.
    ///
    /// # Errors
    /// The reason why it cannot be packed, as a sentence.
    fn pack_release(&self, _: &RegistryClient, _: &ReleaseFolder<'_>) -> Result<Option<PackedRelease>, String> {
        Ok(None)
    }

    /// Returns the path below the registry that tells whom it takes the sender for. Returns `None` if the protocol has none.
    fn account(&self, _client: &RegistryClient) -> Result<Option<String>, Arc<dyn Failure>> {
        Ok(None)
    }

    /// Returns the path below the registry that answers which versions have known vulnerabilities, as npm's does. Returns `None` if
    /// the protocol has none.
    fn advisories(&self) -> Option<&'static str> {
        None
    }

    /// Returns where the registry keeps the attestations of a version's file. Returns `None` if the protocol has none.
    fn attestations(&self, _name: &PackageName, _version: &Version, _file: &str) -> Option<AttestationDocument> {
        None
    }

    /// Returns the key of the registry's log that was believed although nobody named it. Returns `None` if there is none, or the
    /// registry was not asked.
    fn believed_log_key(&self) -> Option<LogKey> {
        None
    }

    /// Returns what a user should hear about the registry: sentences.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the default path of a file below the registry. Returns `None` if only documents state it.
    fn default_path(&self, _name: &PackageName, _file: &str) -> Option<String> {
        None
    }

    /// Returns the targets for a location that a document states, in the order in which they are tried, without the default
    /// path. None are believed unless the protocol's documents state locations.
    fn stated_targets<'s>(
        &self,
        _name: &PackageName,
        _artifact: &Artifact,
        _location: &'s FileLocation,
        _endpoint: &Endpoint,
    ) -> Vec<RequestTarget<'s>> {
        Vec::new()
    }

    /// Returns the folder that stands for the registry's URL, below that of the registry in a mirror. Empty if it is that one.
    fn mirror_address(&self) -> &'static str {
        ""
    }

    /// Returns where a file lies in a mirror, below the registry's folder.
    fn mirrored_path(&self, name: &PackageName, artifact: &Artifact) -> String;

    /// Writes what describes packages into a mirror's folder of the registry, beside what is there: after that the folder answers
    /// like the registry, as far as it has the files. Returns how many documents were new.
    fn describe_mirrored(
        &self,
        client: &RegistryClient,
        packages: &[MirroredPackage],
        settings: &Settings,
        folder: &Path,
    ) -> Result<usize, Arc<dyn Failure>>;
}

/// Where a registry keeps the attestations of a file.
#[derive(Clone, Debug)]
pub(super) enum AttestationDocument {
    /// In npm's form, at a path below the registry.
    Bundles(String),
    /// As PEP 740 has it, at a path beside the registry.
    Pep740(String),
}

impl AttestationDocument {
    pub(super) fn target(&self) -> RequestTarget<'_> {
        match self {
            Self::Bundles(path) => RequestTarget::Below(path),
            Self::Pep740(path) => RequestTarget::Beside(path),
        }
    }

    /// Returns the bundles of a document, each as JSON.
    pub(super) fn bundles(&self, document: &[u8]) -> Vec<String> {
        match self {
            Self::Bundles(_) => npm_bundles(document),
            Self::Pep740(_) => pep740_bundles(document),
        }
    }
}

/// The listing of one package.
pub(super) trait PackageListing: Send + Sync {
    /// Returns the versions.
    fn versions(&self) -> &Arc<Versions>;

    /// Returns the dependencies and artifacts of a version.
    fn release(&self, ordinal: u32) -> Result<Release, ReleaseError>;

    /// Returns the location that the registry's document states for a file. Returns `None` if it does not list the file.
    fn file_location(&self, version: &Version, file: &str) -> Option<FileLocation>;

    /// Returns the digests one of which a version's artifact must have. Returns an empty list unless the registry states several.
    fn acceptable_digests(&self, _version: &Version) -> Vec<Digest> {
        Vec::new()
    }

    /// Returns the registry's signatures of a version. Returns none if the registries of the ecosystem do not sign.
    fn signatures(&self, _ordinal: u32) -> Vec<RegistrySignature> {
        Vec::new()
    }

    /// Returns the digest of the first lines of the package's history. Returns `None` if it is shorter, or registries of the
    /// ecosystem keep none.
    fn history(&self, _lines: u32) -> Option<Digest> {
        None
    }

    /// Returns the digests that the registry states for a file of a version. The version is given with its ordinal and its
    /// release. Returns `None` if the version has no such file.
    fn digests(&self, (version, _): (&Version, u32), release: &Release, file: &str) -> Option<Vec<Digest>> {
        let artifact = release.artifacts.iter().find(|artifact| artifact.file == file)?;
        Some(artifact.digest.clone().map_or_else(|| self.acceptable_digests(version), |digest| vec![digest]))
    }

    /// Returns the artifacts whose metadata may differ on some platforms from the metadata that `release` was made from.
    fn metadata_queries(&self, _ordinal: u32, _release: &Release, _platforms: PlatformSet) -> Vec<MetadataQuery<'_>> {
        Vec::new()
    }

    /// Returns the oldest system version on which a version can be installed. Returns `None` if artifacts do not state one.
    fn oldest_system(&self, _ordinal: u32, _platform: Platform) -> Option<(u32, u32)> {
        None
    }
}

/// The reason why a listing has no release for a version.
#[derive(Debug)]
pub(super) enum ReleaseError {
    /// The record is damaged, or must not be used. The cause may be a damaged cache.
    Unusable(Option<Arc<dyn Failure>>),
    /// A document or file that it names could not be fetched.
    Failed(Arc<dyn Failure>),
    /// Its dependencies are known only when it is built.
    Unbuilt(Box<UnbuiltRelease>),
}

impl From<Arc<dyn Failure>> for ReleaseError {
    fn from(failure: Arc<dyn Failure>) -> Self {
        Self::Failed(failure)
    }
}
