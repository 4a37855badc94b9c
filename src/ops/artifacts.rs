//! Artifacts whose registry gives no digest: fetched once while locking, so that the lock has one.

use crate::fetch::Wanted;
use crate::model::{ArtifactKind, Graph};
use crate::registry::Registries;
use crate::store::Store;

use super::{Context, Result, gather};

/// Fills in the digests that are missing.
pub(super) fn complete(context: &Context<'_>, registries: &Registries, graph: &mut Graph) -> Result<()> {
    let mut wanted = Vec::new();
    for (key, package) in &graph.packages {
        let Some(registry) = &package.registry else { continue };
        for (place, artifact) in package.artifacts.iter().enumerate() {
            if artifact.digest.is_none() && artifact.kind != ArtifactKind::Sdist {
                let one = Wanted { package: key.clone(), registry: registry.clone(), artifact: artifact.clone() };
                wanted.push((key.clone(), place, one));
            }
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let store = Store::open(&context.store);
    let files: Vec<_> = wanted.iter().map(|(_, _, one)| one.clone()).collect();
    let fetched = gather::fetch(context, &store, registries, &files)?;
    for ((key, place, _), fetched) in wanted.into_iter().zip(fetched) {
        if let Some(artifact) = graph.packages.get_mut(&key).and_then(|package| package.artifacts.get_mut(place)) {
            artifact.digest = Some(fetched.digest);
        }
    }
    Ok(())
}
