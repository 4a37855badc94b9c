//! What locked packages consist of: their trees in the store, whether an environment has them or not.

use std::collections::BTreeMap;

use crate::fetch::{NameFolding, RequestedArtifact};
use crate::model::{Artifact, Package, PackageKey, Platform};
use crate::store::Tree;

use crate::ops::registries::LazyRegistries;
use crate::ops::{Project, Result, Session, artifacts, project::host};

/// What is done about packages that the store does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum MissingTrees {
    /// They are fetched. Offline they are left out.
    Fetched,
    /// They are left out.
    LeftOut,
}

/// Returns the trees of packages, one for each: of the file for this machine, if there is one. Local folders have none.
pub(in crate::ops) fn of<'p>(
    session: &Session<'_>,
    project: &Project,
    packages: impl Iterator<Item = (&'p PackageKey, &'p Package)>,
    missing: MissingTrees,
) -> Result<BTreeMap<PackageKey, Tree>> {
    let host = host::platform();
    let (mut trees, mut wanted) = (BTreeMap::new(), Vec::new());
    for (key, package) in packages {
        let (Some(origin), Some(artifact)) = (&package.origin, artifact(package, host)) else { continue };
        let Some(digest) = &artifact.digest else { continue };
        if let Some(tree) = session.store.tree(digest)? {
            trees.insert(key.clone(), tree);
        } else {
            let native = artifact.is_native(&package.facts);
            wanted.push((key, RequestedArtifact { native, ..RequestedArtifact::new(key, origin, artifact) }));
        }
    }
    if wanted.is_empty() || missing == MissingTrees::LeftOut || session.context.offline {
        return Ok(trees);
    }
    let source = LazyRegistries::new(session, project);
    let (keys, requested): (Vec<&PackageKey>, Vec<RequestedArtifact>) = wanted.into_iter().unzip();
    let fetched = artifacts::fetch(session, &source, &requested, NameFolding::default());
    source.opened()?;
    trees.extend(keys.into_iter().cloned().zip(fetched?.into_iter().map(|fetched| fetched.tree)));
    Ok(trees)
}

/// Returns the file of a package that is looked into.
fn artifact(package: &Package, host: Option<Platform>) -> Option<&Artifact> {
    let own = host.and_then(|host| package.artifact_for(host));
    own.or_else(|| package.artifacts.iter().min_by_key(|artifact| artifact.kind.needs_build()))
}
