//! Artifacts whose registry gives no strong digest: fetched once while locking, so that the lock has one.

use crate::fetch::{NameFolding, RequestedArtifact};
use crate::lock::Lockfile;
use crate::model::{Algorithm, Artifact, Digest, Graph, Label, PackageKey};
use crate::registry::Registries;

use super::install::gather;
use super::{Result, Session};

/// Fills in the digests that are missing or weak; those that the lock has already are kept.
pub(super) fn complete(
    session: &Session<'_>,
    registries: &Registries,
    graph: &mut Graph,
    old: Option<&Lockfile>,
) -> Result<()> {
    let mut wanted = Vec::new();
    for (key, package) in &mut graph.packages {
        let Some(registry) = &package.registry else { continue };
        for (place, artifact) in package.artifacts.iter_mut().enumerate() {
            if artifact.digest.as_ref().is_some_and(is_strong) || artifact.kind.needs_build() {
                continue;
            }
            if let Some(known) = old.and_then(|old| known(old, key, registry, artifact)) {
                artifact.digest = Some(known.clone());
                continue;
            }
            let one = RequestedArtifact {
                package: key.clone(),
                registry: registry.clone(),
                artifact: Artifact { digest: None, ..artifact.clone() },
                promised: match &artifact.digest {
                    Some(weak) => vec![weak.clone()],
                    None => registries.acceptable_digests(key),
                },
                native: false,
            };
            wanted.push((key.clone(), place, one));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let files: Vec<_> = wanted.iter().map(|(_, _, one)| one.clone()).collect();
    let fetched = gather::fetch(session, registries, &files, NameFolding::default())?;
    for ((key, place, _), fetched) in wanted.into_iter().zip(fetched) {
        if let Some(artifact) = graph.packages.get_mut(&key).and_then(|package| package.artifacts.get_mut(place)) {
            artifact.digest = Some(fetched.digest);
        }
    }
    Ok(())
}

fn is_strong(digest: &Digest) -> bool {
    digest.algorithm() != Algorithm::Sha1
}

/// Returns the strong digest that a lock has of an artifact of the same registry.
fn known<'l>(old: &'l Lockfile, key: &PackageKey, registry: &Label, artifact: &Artifact) -> Option<&'l Digest> {
    let package = old.graph.packages.get(key).filter(|package| package.registry.as_ref() == Some(registry))?;
    package
        .artifacts
        .iter()
        .find(|known| known.file == artifact.file)?
        .digest
        .as_ref()
        .filter(|digest| is_strong(digest))
}
