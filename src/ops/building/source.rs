//! Source distributions: fetched, unpacked in the store, and asked how they are built.

use std::sync::Arc;

use crate::fetch::{ArtifactSource, FetchedArtifact, NameFolding, RequestedArtifact};
use crate::fs;
use crate::lock::Lockfile;
use crate::model::{Artifact, BuildSystem, Origin, Package, PackageKey};
use crate::ops::{Result, Session, artifacts};
use crate::store::Tree;

use super::error::BuildsError;

/// The most bytes of a pyproject.toml or a setup.py that are read.
const LARGEST_PYPROJECT: u64 = 4 << 20;

/// A source distribution whose files are in the store.
pub(super) struct SourceDistribution {
    /// The package.
    pub(super) package: PackageKey,
    /// Its files.
    pub(super) tree: Arc<Tree>,
    /// How it is built.
    pub(super) system: BuildSystem,
}

impl SourceDistribution {
    /// Reads how an unpacked source distribution is built.
    pub(super) fn read(package: PackageKey, tree: Arc<Tree>) -> Result<Self> {
        let malformed =
            |reason: String| BuildsError::BadPyproject { package: package.clone(), reason: reason.into_boxed_str() };
        let path = tree.folder.join("pyproject.toml");
        let system = match fs::read_up_to(&path, LARGEST_PYPROJECT)? {
            _ if tree.entry("pyproject.toml").is_none() => BuildSystem::default(),
            None => return Err(malformed("it is too long".to_owned()).into()),
            Some(bytes) => {
                let text = String::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8".to_owned()))?;
                BuildSystem::parse(&text).map_err(malformed)?
            }
        };
        let setup_py = match tree.entry("setup.py") {
            // One that is too long says nothing.
            Some(entry) if entry.size > LARGEST_PYPROJECT => Vec::new(),
            Some(_) => fs::read_up_to(&tree.folder.join("setup.py"), LARGEST_PYPROJECT)?.unwrap_or_default(),
            None => Vec::new(),
        };
        let system = system.with_needs_of(&String::from_utf8_lossy(&setup_py));
        Ok(Self { package, tree, system })
    }

    /// Fetches a source distribution and reads it.
    pub(super) fn fetch(
        session: &Session<'_>,
        from: &dyn ArtifactSource,
        package: &PackageKey,
        origin: &Origin,
        sdist: &Artifact,
    ) -> Result<Self> {
        let fetched = fetch_all(session, from, &[RequestedArtifact::new(package, origin, sdist)])?;
        let Some((_, tree)) = fetched.into_iter().next() else { return Err(not_locked(package).into()) };
        Self::read(package.clone(), tree)
    }
}

/// Fetches artifacts, and returns their trees with their packages.
pub(super) fn fetch_all(
    session: &Session<'_>,
    from: &dyn ArtifactSource,
    wanted: &[RequestedArtifact],
) -> Result<Vec<(PackageKey, Arc<Tree>)>> {
    let fetched = artifacts::fetch(session, from, wanted, NameFolding::default())?;
    let of_package = |(one, fetched): (&RequestedArtifact, FetchedArtifact)| {
        Some((one.owner.package()?.clone(), Arc::new(fetched.tree)))
    };
    Ok(wanted.iter().zip(fetched).filter_map(of_package).collect())
}

/// Returns whether a lock has a package of the same source: of a repository, one version may be of many commits.
pub(super) fn has_same_source(lock: &Lockfile, key: &PackageKey, package: &Package) -> bool {
    let known = lock.graph.packages.get(key).or_else(|| lock.builds.tools.get(key));
    let is_of_registry = |package: &Package| package.origin.as_ref().and_then(Origin::source).is_none();
    known.is_some_and(|known| known.origin == package.origin || is_of_registry(known) && is_of_registry(package))
}

pub(super) fn not_locked(package: &PackageKey) -> BuildsError {
    BuildsError::NotLocked { package: package.clone() }
}
