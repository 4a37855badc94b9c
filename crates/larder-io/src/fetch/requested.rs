//! Requested artifacts, their progress, and fetched artifacts.

use super::error::FetchSubject;
use crate::model::{Artifact, ArtifactOwner, Digest, Origin};
use crate::store::Tree;

/// An artifact that is to be in the store.
#[derive(Clone, Debug)]
pub struct RequestedArtifact {
    /// The package or runtime that it is of.
    pub owner: ArtifactOwner,
    /// Where it is fetched from.
    pub origin: Origin,
    /// The artifact. One without a digest is always fetched.
    pub artifact: Artifact,
    /// Further digests, of one algorithm. One of them must agree as well: a weak digest, or several that the registry offers.
    pub promised: Vec<Digest>,
    /// Whether it is made for one platform. Those are the largest and begin first, as the run ends with the largest.
    pub native: bool,
}

/// An artifact that is in the store now.
#[derive(Clone, Debug)]
pub struct FetchedArtifact {
    /// Its content.
    pub tree: Tree,
    /// Its digest: the requested one, or the computed one if none was requested.
    pub digest: Digest,
    /// The number of bytes that were fetched; 0 if the store had it.
    pub bytes: u64,
}

/// A step of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchProgress {
    /// The index of the artifact among the requested ones.
    pub wanted: usize,
    /// The step.
    pub step: FetchStep,
}

/// A step of fetching an artifact. One that the store has makes no step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchStep {
    /// Another process or thread fetches it, and is waited for.
    Waiting {
        /// The other process, if it is known.
        process: Option<u32>,
    },
    /// Its first bytes arrive. This happens again after the connection broke.
    Started {
        /// The number of its bytes, if the registry states it.
        bytes: Option<u64>,
    },
    /// A chunk arrived.
    Arrived {
        /// The size of the chunk.
        bytes: usize,
    },
    /// It is in the store.
    Finished,
}

impl RequestedArtifact {
    /// Requests an artifact of which nothing but its own digest is promised.
    pub fn new(owner: impl Into<ArtifactOwner>, origin: &Origin, artifact: &Artifact) -> Self {
        let (owner, origin, artifact) = (owner.into(), origin.clone(), artifact.clone());
        Self { owner, origin, artifact, promised: Vec::new(), native: false }
    }

    pub(super) fn subject(&self) -> FetchSubject {
        FetchSubject { owner: self.owner.clone(), origin: self.origin.clone(), file: self.artifact.file.clone() }
    }
}
