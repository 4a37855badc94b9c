//! The contract of the ecosystems: what a registry's protocol answers, and what is known of one package.

use std::sync::Arc;

use super::by_platform::Question;
use super::listing::{NoListing, Served, Stated};
use super::{larder, npm, pypi};
use crate::diagnostic::Failure;
use crate::fetch::{Authorization, Endpoint, Place, Target};
use crate::model::{Artifact, Digest, Ecosystem, PackageName, PerEcosystem, Platform, Settings, Version};
use crate::resolve::{PlatformSet, Release, Versions};

/// How one registry is spoken with. It may learn of its server what makes no difference to answers.
pub(super) trait Protocol: Send + Sync {
    /// Says of an address of the registry where its files are and what its credentials are for.
    fn place(&self, place: Place) -> Place {
        place
    }

    /// Returns what a token is sent as.
    fn token(&self, token: &str) -> Authorization {
        Authorization::bearer(token)
    }

    /// Returns what a user, who may have no name, and a password are sent as.
    fn login(&self, user: &str, password: &str) -> Authorization {
        if user.is_empty() { Authorization::bearer(password) } else { Authorization::basic(user, password) }
    }

    /// Tells whether a listing says what each version needs. Where it does not, more has to be fetched, and the package is left
    /// to those who may wait for the network.
    fn lists_needs(&self) -> bool;

    /// Returns a package's listing as it was kept, while it counts.
    fn kept(&self, served: &Served, name: &PackageName, settings: &Settings) -> Option<Arc<dyn Listing>>;

    /// Asks for a package's versions.
    fn listing(&self, served: &Served, name: &PackageName, settings: &Settings) -> Result<Arc<dyn Listing>, NoListing>;

    /// Returns what a lock's hint leads to.
    fn hinted<'h>(&self, hint: &'h str) -> Target<'h> {
        Target::Below(hint)
    }

    /// Tells whether a hint is made of the file's digest, so that no document has to say the same.
    fn proves_itself(&self, _hint: &str, _file: &str) -> bool {
        false
    }

    /// Returns where a file usually lies below the registry. `None` if only documents tell.
    fn usual(&self, name: &PackageName, file: &str) -> Option<String>;

    /// Returns where a document says that an artifact is, in the order in which the places are tried. The usual place is not
    /// among them.
    fn stated<'s>(
        &self,
        name: &PackageName,
        artifact: &Artifact,
        stated: &'s Stated,
        endpoint: &Endpoint,
    ) -> Vec<Target<'s>>;
}

/// What is known of one package.
pub(super) trait Listing: Send + Sync {
    /// Returns its versions.
    fn versions(&self) -> &Arc<Versions>;

    /// Returns what the version at a place needs.
    fn release(&self, ordinal: u32) -> Result<Release, NoRelease>;

    /// Returns where the registry's document says that a file is. `None` if it does not name it.
    fn stated(&self, version: &Version, file: &str) -> Option<Stated>;

    /// Returns the digests of which a version's artifact has to have one, where the registry gives several.
    fn promised(&self, _version: &Version) -> Vec<Digest> {
        Vec::new()
    }

    /// Returns the digests that the registry states of a file of a version, which is given with its place and what it needs.
    /// `None` if the version has no such file.
    fn digests(&self, (version, _): (&Version, u32), release: &Release, file: &str) -> Option<Vec<Digest>> {
        let artifact = release.artifacts.iter().find(|artifact| artifact.file == file)?;
        Some(artifact.digest.clone().map_or_else(|| self.promised(version), |digest| vec![digest]))
    }

    /// Returns the artifacts that have to be asked what a version needs on some platforms, besides the one of which `release`
    /// was made.
    fn questions(&self, _ordinal: u32, _release: &Release, _platforms: PlatformSet) -> Vec<Question<'_>> {
        Vec::new()
    }

    /// Returns the oldest system on which a version can be installed on a platform, where artifacts are made for systems.
    fn oldest_system(&self, _ordinal: u32, _platform: Platform) -> Option<(u32, u32)> {
        None
    }
}

/// Why a listing does not say what a version needs.
pub(super) enum NoRelease {
    /// What is known of it cannot be read, or must not be used: it may be the cache that is damaged.
    Flawed(Option<Arc<dyn Failure>>),
    /// What it names could not be had.
    Failed(Arc<dyn Failure>),
}

/// Makes the protocol of one registry.
type NewProtocol = fn() -> Arc<dyn Protocol>;

/// The protocols, by ecosystem; local folders are served by nobody.
const PROTOCOLS: PerEcosystem<Option<NewProtocol>> = PerEcosystem {
    npm: Some(|| Arc::new(npm::Npm)),
    pypi: Some(|| Arc::new(pypi::Pypi::default())),
    larder: Some(|| Arc::new(larder::Larder)),
    path: None,
};

/// Returns how a registry of an ecosystem is spoken with.
pub(super) fn of(ecosystem: Ecosystem) -> Option<Arc<dyn Protocol>> {
    PROTOCOLS.of(ecosystem).map(|protocol| protocol())
}
