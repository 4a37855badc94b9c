//! The answers of the resolver.

use crate::model::{BuildRules, Graph, PackageId, PackageKey, Version};

use super::{IndexError, LineId, RuleId, TooManyPeerContexts};

/// A solution.
#[derive(Clone, Debug, Default)]
pub struct Resolution {
    /// The packages and edges that were chosen.
    pub graph: Graph,
    /// Warnings for the user, in a canonical order, each once.
    pub warnings: Vec<Warning>,
    /// The packages of which an index may know too few versions, where it answered from a cache: it is asked again before the
    /// solution counts.
    pub packages_from_cache: Vec<PackageId>,
}

/// A warning about a solution that its graph does not show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The package that it is about.
    pub package: PackageKey,
    /// The kind of warning.
    pub kind: WarningKind,
    /// A lowercase sentence without a full stop.
    pub message: String,
}

/// The kinds of warnings.
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
    NoSolution(Box<NoSolution>),
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
    pub lines: Box<[LineId]>,
    /// The lines of `resolution` that have a part in it.
    pub rules: Vec<RuleId>,
    /// The chain of reasons in plain words, a sentence each, ending with the contradiction.
    pub because: Vec<String>,
    /// The advice, if there is any.
    pub help: Option<String>,
    /// Whether it is `age` that keeps away what would do.
    pub is_too_young: bool,
    /// The Python packages that would have to be built, if one of them is in the way.
    pub unbuilt: Vec<UnbuiltPackage>,
    /// The packages that it is about: an index that answered from a cache is asked again before the contradiction counts.
    pub packages_from_cache: Vec<PackageId>,
    /// Other lines that nothing satisfies, and other contradictions, whatever comes of this.
    pub others: Vec<NoSolution>,
    /// The number of further lines that nothing satisfies: too many to tell of each.
    pub untold: usize,
}

/// A Python package of which there is nothing but source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnbuiltPackage {
    /// The package.
    pub package: PackageId,
    /// The version that would be chosen. `None` if something else is in the way too.
    pub version: Option<Version>,
}

impl UnbuiltPackage {
    /// Returns whether rules let it be built.
    pub fn is_approved(&self, rules: &BuildRules) -> bool {
        self.version.as_ref().is_some_and(|version| rules.approves(&self.package, version))
    }
}
