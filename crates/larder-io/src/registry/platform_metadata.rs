//! Versions whose artifacts declare different dependencies: wheels for different platforms may.

use std::sync::Arc;

use crate::diagnostic::Failure;
use crate::model::{ExtraName, PackageName};
use crate::resolve::{Dependency, DependencyKind, PlatformSet, Release, Wants};

/// An artifact whose metadata is compared with the metadata that its version's release was made from.
pub(super) struct MetadataQuery<'l> {
    /// The artifact's file name.
    pub(super) file: String,
    /// The platforms that the artifact serves.
    pub(super) platforms: PlatformSet,
    /// The metadata, if it is cached or was fetched.
    pub(super) metadata: Option<ArtifactMetadata>,
    /// Fetches the metadata.
    pub(super) fetch: Box<FetchMetadata<'l>>,
}

/// Fetches the metadata of an artifact.
type FetchMetadata<'l> = dyn Fn() -> Result<ArtifactMetadata, Arc<dyn Failure>> + Send + Sync + 'l;

/// The dependencies that an artifact declares, or the reason why its metadata cannot be used.
pub(super) type ArtifactMetadata = Result<DeclaredDependencies, String>;

/// The dependencies and extras that an artifact declares.
#[derive(Clone, Debug)]
pub(super) struct DeclaredDependencies {
    /// The dependencies.
    pub(super) dependencies: Vec<Dependency>,
    /// The extras.
    pub(super) extras: Vec<ExtraName>,
}

/// Merges a version's release with the metadata of its other artifacts. Returns `None` if they declare the same.
pub(super) fn merge(package: &PackageName, release: &Release, others: &[MetadataQuery<'_>]) -> Option<Release> {
    let mut merged = release.clone();
    let mut declared_on = vec![PlatformSet::ALL; release.dependencies.len()];
    let mut differs = false;
    for MetadataQuery { file, platforms, metadata, .. } in others {
        let DeclaredDependencies { dependencies: own, extras } = match metadata {
            Some(Ok(needs)) => needs.clone(),
            Some(Err(reason)) => return Some(unusable_release(package, file, reason.clone())),
            None => continue,
        };
        let is_same = own.len() == release.dependencies.len()
            && own.iter().all(|one| release.dependencies.contains(one))
            && release.dependencies.iter().all(|one| own.contains(one));
        if is_same {
            continue;
        }
        differs = true;
        for (known, on) in merged.dependencies.iter().zip(&mut declared_on) {
            if !own.contains(known) {
                *on = on.without(*platforms);
            }
        }
        for one in own {
            if let Some(place) = merged.dependencies.iter().position(|known| *known == one) {
                declared_on[place] = declared_on[place].union(*platforms);
            } else {
                merged.dependencies.push(one);
                declared_on.push(*platforms);
            }
        }
        merged.extras.extend(extras);
    }
    merged.extras.sort();
    merged.extras.dedup();
    merged.declared_on = declared_on;
    differs.then_some(merged)
}

/// Returns a release that cannot be used, with the reason.
pub(super) fn unusable_release(package: &PackageName, file: &str, reason: String) -> Release {
    let wants = Wants::Unsupported { name: package.clone(), text: file.to_owned(), reason };
    Release { dependencies: vec![Dependency::new(DependencyKind::Normal, wants)], ..Release::default() }
}
