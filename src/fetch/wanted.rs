//! Artifacts that are wanted, what happens to them, and what comes of it.

use super::error::Subject;
use crate::model::{Artifact, Digest, Label, PackageKey};
use crate::store::Tree;

/// An artifact that must be in the store.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The package it is of.
    pub package: PackageKey,
    /// The registry that serves it.
    pub registry: Label,
    /// The artifact; without a digest it is fetched anew.
    pub artifact: Artifact,
    /// Digests of one algorithm, of which one has to be right as well: one too weak to be the artifact's own, or several
    /// that its registry offers.
    pub promised: Vec<Digest>,
    /// Whether it is made for one platform. Those are the largest, so they come first: a large one that begins last is
    /// waited for alone.
    pub native: bool,
}

/// An artifact that is in the store now.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Its content.
    pub tree: Tree,
    /// Its digest: the one that was promised, or else the one that it turned out to have.
    pub digest: Digest,
    /// How many bytes were fetched; 0 where the store had it.
    pub bytes: u64,
}

/// Something that happened to an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The artifact's place in what was wanted.
    pub wanted: usize,
    /// What happened.
    pub step: Step,
}

/// What happens to an artifact. One that the store has takes no step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another process or thread fetches it; this one waits.
    Waiting {
        /// The other process, where it is known.
        process: Option<u32>,
    },
    /// It begins to arrive; after a broken connection, once more.
    Started {
        /// How many bytes it has, where the registry tells.
        bytes: Option<u64>,
    },
    /// A piece arrived.
    Arrived {
        /// Of this size.
        bytes: usize,
    },
    /// It is in the store.
    Finished,
}

impl Wanted {
    pub(super) fn subject(&self) -> Subject {
        Subject { package: self.package.clone(), registry: self.registry.clone(), file: self.artifact.file.clone() }
    }
}
