//! The one version of a package that no registry serves: its listing.

use std::sync::Arc;

use super::error::SourceFailure;
use crate::model::{Artifact, CoreMetadata, Origin, PackageKey, PinnedSource, Version};
use crate::registry::client::FileLocation;
use crate::registry::ecosystems;
use crate::registry::protocol::{PackageListing, ReleaseError};
use crate::registry::source_reader::SourceContent;
use crate::resolve::{Candidate, PlatformSet, Release, UnbuiltRelease, Versions};

/// A package that no registry serves, in the one version that its source has.
#[derive(Clone, Debug)]
pub struct SourceRelease {
    /// The package.
    pub package: PackageKey,
    /// Where it comes from.
    pub source: Arc<PinnedSource>,
    /// Its artifact, with its digest.
    pub artifact: Artifact,
    /// What it needs. `None` if only a build knows.
    pub release: Option<Arc<Release>>,
}

impl SourceRelease {
    /// Reads a package's files.
    pub fn read(content: &SourceContent<'_>, source: Arc<PinnedSource>) -> Result<Self, SourceFailure> {
        let id = &content.package.id;
        let unusable = |reason: String| SourceFailure::unusable(&source, id, reason);
        let reader = ecosystems::source_reader(id.ecosystem)
            .ok_or_else(|| unusable(format!("packages of {} come from registries", id.ecosystem)))?;
        let release = reader.release(content).map_err(unusable)?.map(Arc::new);
        Ok(Self { package: content.package.clone(), source, artifact: content.artifact.clone(), release })
    }

    /// Completes it by the metadata that a build made.
    #[must_use]
    pub(in crate::registry) fn with_built_metadata(mut self, metadata: &CoreMetadata) -> Self {
        let reader = ecosystems::source_reader(self.package.id.ecosystem);
        let built = reader.and_then(|reader| reader.built_release(&self.package, &self.artifact, metadata));
        self.release = built.map(Arc::new);
        self
    }
}

/// The listing of such a package.
pub(in crate::registry) struct SourceListing {
    versions: Arc<Versions>,
    known: Arc<SourceRelease>,
}

impl SourceListing {
    pub(in crate::registry) fn new(known: Arc<SourceRelease>) -> Self {
        let release = known.release.as_deref();
        let artifact = release.and_then(|release| release.artifacts.first()).unwrap_or(&known.artifact);
        let requires_python = release.and_then(|release| release.facts.requires_python.as_deref()?.parse().ok());
        let files = release.map_or(std::slice::from_ref(artifact), |release| &release.artifacts);
        let platforms = files.iter().flat_map(|file| &file.platforms);
        let wheels = platforms.fold(PlatformSet::NONE, |all, &one| all.union(one.into()));
        let candidate = Candidate {
            requires_python,
            // Whoever names a place has chosen it: no guard about ages applies.
            published: Some(jiff::Timestamp::UNIX_EPOCH),
            wheels: match artifact.kind.needs_build() {
                true => PlatformSet::NONE,
                false if artifact.platforms.is_empty() => PlatformSet::ALL,
                false => wheels,
            },
            sdist: artifact.kind.needs_build(),
            ..Candidate::new(known.package.version.clone())
        };
        let versions = Versions {
            origin: Some(Origin::Source(Arc::clone(&known.source))),
            candidates: vec![candidate],
            tags: [("latest".to_owned(), 0)].into(),
            cached: false,
        };
        Self { versions: Arc::new(versions), known }
    }
}

impl PackageListing for SourceListing {
    fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    fn release(&self, _: u32) -> Result<Release, ReleaseError> {
        match &self.known.release {
            Some(release) => Ok((**release).clone()),
            None => Err(ReleaseError::Unbuilt(Box::new(UnbuiltRelease {
                package: self.known.package.clone(),
                origin: Origin::Source(Arc::clone(&self.known.source)),
                sdist: self.known.artifact.clone(),
            }))),
        }
    }

    fn file_location(&self, _: &Version, _: &str) -> Option<FileLocation> {
        None
    }
}
