//! Fetching artifacts: those that a command needs, and while locking those whose registry gives no strong digest.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::fetch::{
    self, ArtifactSource, FetchError, FetchProgress, FetchStep, FetchedArtifact, Limits, NameFolding, RequestedArtifact,
};
use crate::lock::Lockfile;
use crate::model::{Artifact, ArtifactOwner, Digest, Graph, Origin, PackageKey};
use crate::registry::Registries;

use super::{Event, Result, Session};

/// Fills in the digests that are missing or weak; those that the lock has already are kept.
pub(super) fn complete(
    session: &Session<'_>,
    registries: &Registries,
    graph: &mut Graph,
    old: Option<&Lockfile>,
) -> Result<()> {
    let mut wanted = Vec::new();
    for (key, package) in &mut graph.packages {
        let Some(origin) = &package.origin else { continue };
        for (place, artifact) in package.artifacts.iter_mut().enumerate() {
            if artifact.digest.as_ref().is_some_and(is_strong) || artifact.kind.needs_build() {
                continue;
            }
            if let Some(known) = old.and_then(|old| known(old, key, origin, artifact)) {
                artifact.digest = Some(known.clone());
                continue;
            }
            let one = RequestedArtifact {
                owner: ArtifactOwner::Package(key.clone()),
                origin: origin.clone(),
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
    let fetched = fetch(session, registries, &files, NameFolding::default())?;
    for ((key, place, _), fetched) in wanted.into_iter().zip(fetched) {
        if let Some(artifact) = graph.packages.get_mut(&key).and_then(|package| package.artifacts.get_mut(place)) {
            artifact.digest = Some(fetched.digest);
        }
    }
    Ok(())
}

/// Makes sure that the store has these artifacts, and tells how it goes.
pub(super) fn fetch(
    session: &Session<'_>,
    source: &dyn ArtifactSource,
    wanted: &[RequestedArtifact],
    folds: NameFolding,
) -> std::result::Result<Vec<FetchedArtifact>, FetchError> {
    let (started, done, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(0));
    let on_progress = |progress: FetchProgress| {
        match progress.step {
            FetchStep::Started { .. } => drop(started.fetch_add(1, Ordering::Relaxed)),
            FetchStep::Arrived { bytes: more } => drop(bytes.fetch_add(more as u64, Ordering::Relaxed)),
            FetchStep::Finished => drop(done.fetch_add(1, Ordering::Relaxed)),
            FetchStep::Waiting { process } => {
                let what = wanted.get(progress.wanted).map(|w| w.owner.to_string()).unwrap_or_default();
                (session.context.reporter)(Event::Waiting { process, does: format!("fetches {what}") });
            }
        }
        (session.context.reporter)(Event::Fetching {
            done: done.load(Ordering::Relaxed),
            total: started.load(Ordering::Relaxed),
            bytes: bytes.load(Ordering::Relaxed),
        });
    };
    let limits = Limits { folds, ..Limits::default() };
    let options = fetch::FetchOptions { on_progress: &on_progress, limits, ..fetch::FetchOptions::default() };
    fetch::fetch_all(&session.store, source, wanted, options)
}

fn is_strong(digest: &Digest) -> bool {
    digest.algorithm().is_strong()
}

/// Returns the strong digest that a lock has of an artifact from the same place.
fn known<'l>(old: &'l Lockfile, key: &PackageKey, origin: &Origin, artifact: &Artifact) -> Option<&'l Digest> {
    let package = old.graph.packages.get(key).filter(|package| package.origin.as_ref() == Some(origin))?;
    package
        .artifacts
        .iter()
        .find(|known| known.file == artifact.file)?
        .digest
        .as_ref()
        .filter(|digest| is_strong(digest))
}
