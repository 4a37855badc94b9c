//! What the resolver answers.

use crate::model::{Graph, PackageId, PackageKey};

use super::{IndexError, LineId, TooManyPeerContexts};

/// A solution.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// Everything that was chosen.
    pub graph: Graph,
    /// What a user should hear about, in a canonical order, each once.
    pub warnings: Vec<Warning>,
    /// The packages of which an index may know too few versions, where it answered from a cache: it is asked again before the
    /// solution counts.
    pub doubtful: Vec<PackageId>,
}

/// Something that did not stop the solver but that a user should know, and that the graph does not tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The package that it is about.
    pub package: PackageKey,
    /// What kind of thing it is.
    pub kind: WarningKind,
    /// A lowercase sentence without a full stop.
    pub message: String,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// A peer that no registry has a version of.
    MissingPeer,
    /// An extra that the package does not declare.
    UnknownExtra,
}

/// Why there is no solution to have.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ResolveError {
    /// The requirements contradict each other.
    #[error("no versions satisfy the manifest")]
    NoSolution(NoSolution),
    /// Peers are bound in too many ways.
    #[error(transparent)]
    TooManyPeerContexts(#[from] TooManyPeerContexts),
    /// An index could not answer.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// A minimal contradiction, ready to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSolution {
    /// The manifest lines without any of which there would be a solution, in the manifest's order.
    pub lines: Vec<LineId>,
    /// The chain of reasons in plain words, a sentence each, ending with the contradiction.
    pub because: Vec<String>,
    /// What to change, where something can be said.
    pub help: Option<String>,
    /// The packages that it is about: an index that answered from a cache is asked again before the contradiction counts.
    pub doubtful: Vec<PackageId>,
}
