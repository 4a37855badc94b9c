//! The archives of a platform's runtimes, unpacked: from the store, else from their sources.

use std::sync::Arc;

use crate::fetch::{ArtifactSource, NameFolding, RequestedArtifact};
use crate::model::{Origin, Platform, RuntimeHost, RuntimeName, Runtimes};
use crate::ops::{Result, Session, artifacts};
use crate::profile::RuntimeTree;
use crate::store::Lease;

/// The runtimes of an environment.
#[derive(Debug, Default)]
pub(in crate::ops) struct GatheredRuntimes {
    /// The runtimes with their trees.
    pub(in crate::ops) trees: Vec<RuntimeTree>,
    /// How many were fetched.
    pub(in crate::ops) fetched: usize,
    /// How many bytes came.
    pub(in crate::ops) bytes: u64,
    /// Keeps the trees from being collected until an environment has them.
    _lease: Option<Lease>,
}

impl GatheredRuntimes {
    /// Returns the tree of a runtime, if larder brings it.
    pub(in crate::ops) fn of(&self, name: RuntimeName) -> Option<&RuntimeTree> {
        self.trees.iter().find(|runtime| runtime.key.name == name)
    }
}

impl From<Vec<RuntimeTree>> for GatheredRuntimes {
    /// Takes runtimes that somebody else keeps from being collected.
    fn from(trees: Vec<RuntimeTree>) -> Self {
        Self { trees, ..Self::default() }
    }
}

/// Gathers the runtimes that a lock has for a platform. Names in an archive are judged by that platform alone: the archive is for no
/// other.
pub(in crate::ops) fn gather(
    session: &Session<'_>,
    source: &dyn ArtifactSource,
    runtimes: &Runtimes,
    platform: Platform,
) -> Result<GatheredRuntimes> {
    if runtimes.is_empty() {
        return Ok(GatheredRuntimes::default());
    }
    let mut wanted = Vec::new();
    for (key, _, archive) in runtimes.on_platform(platform) {
        let Ok(host) = RuntimeHost::of(key.name, platform).as_str().parse() else { continue };
        wanted.push((key, RequestedArtifact::new(key, &Origin::Registry(host), archive)));
    }
    let digests = wanted.iter().filter_map(|(_, wanted)| wanted.artifact.digest.as_ref());
    let lease = session.store.lease(digests)?;
    let requested: Vec<RequestedArtifact> = wanted.iter().map(|(_, requested)| requested.clone()).collect();
    let fetched = artifacts::fetch(session, source, &requested, NameFolding::of(platform.os()))?;
    Ok(GatheredRuntimes {
        fetched: fetched.iter().filter(|fetched| fetched.bytes > 0).count(),
        bytes: fetched.iter().map(|fetched| fetched.bytes).sum(),
        trees: wanted
            .into_iter()
            .zip(fetched)
            .map(|((key, _), fetched)| RuntimeTree { key, tree: Arc::new(fetched.tree) })
            .collect(),
        _lease: Some(lease),
    })
}
