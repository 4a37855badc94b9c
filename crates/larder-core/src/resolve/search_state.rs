//! What is carried from one run of the solver to the next: rules that are decided outside it, and are adjusted where a run
//! shows that they must be.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use crate::model::NpmPeers;

use super::catalog::Catalog;
use super::order::{DecisionOrder, Reordering};
use super::peer_contexts::TooManyPeerContexts;
use super::picks::{PickChange, Picks};
use super::variable::{NodeIx, NodeOwner, PackageIx};

/// An optional dependency, which may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Droppable {
    /// An optional line.
    Line(u32),
    /// An optional dependency of an owner, by its name.
    Need(NodeOwner, PackageIx),
}

/// The rules of a run that are decided outside the solver.
#[derive(Clone, Debug, Default)]
pub(super) struct SearchState {
    /// The lines that count.
    pub(super) active: BTreeSet<u32>,
    /// Optional dependencies that were in a conflict and are left out.
    pub(super) dropped: FxHashSet<Droppable>,
    /// Python packages that may differ from platform to platform.
    pub(super) untied: FxHashSet<PackageIx>,
    /// Optional peers (dependent, name) that were found in place under strict peers, and constrain what is there.
    pub(super) bound: FxHashSet<(NodeIx, PackageIx)>,
    /// In which order Python packages are decided.
    pub(super) order: DecisionOrder,
    /// Whether npm's peers are constraints.
    pub(super) peers: NpmPeers,
    /// The picks of npm that the solver is held to under strict peers.
    pub(super) picks: Picks,
    /// Python packages whose source is taken as if it needed nothing, to see what else is in the way.
    pub(super) assumed_built: FxHashSet<PackageIx>,
    /// Peers that were bound in too many ways. Each version is one node then, wherever it is used, which is right if all of
    /// its dependents provide the same.
    pub(super) merged: Option<TooManyPeerContexts>,
}

/// A change of the rules, after which the solver runs again.
pub(super) enum Adjustment {
    /// Hold these optional peers to their ranges.
    Bind(Vec<(NodeIx, PackageIx)>),
    /// Let these Python packages differ by platform.
    Untie(Vec<PackageIx>),
    /// Leave this out.
    Drop(Droppable),
    /// Decide in another order.
    Order(Reordering),
    /// Hold npm's own picks, or let go of them.
    Picks(PickChange),
    /// Treat each version as one node, wherever it is used.
    Merge(TooManyPeerContexts),
}

impl SearchState {
    /// Starts with all lines.
    pub(super) fn new(catalog: &Catalog) -> Self {
        Self::with_lines(catalog, (0..catalog.lines.len() as u32).collect())
    }

    /// Starts with some lines.
    pub(super) fn with_lines(catalog: &Catalog, active: BTreeSet<u32>) -> Self {
        Self { active, peers: catalog.requirements.settings.npm_peers, ..Self::default() }
    }

    /// Applies a change.
    pub(super) fn apply(&mut self, adjustment: Adjustment) {
        match adjustment {
            Adjustment::Bind(peers) => self.bound.extend(peers),
            Adjustment::Untie(packages) => self.untied.extend(packages),
            // What was untied for its sake may not need to be.
            Adjustment::Drop(what) => {
                self.untied.clear();
                self.dropped.insert(what);
            }
            Adjustment::Order(adjustment) => self.order.apply(adjustment),
            Adjustment::Picks(adjustment) => self.picks.apply(adjustment),
            Adjustment::Merge(too_many) => self.merged = Some(too_many),
        }
    }
}
