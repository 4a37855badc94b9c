//! The picks of npm that the solver is held to under strict peers: see [`strict_peers`](super::strict_peers).

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::VersionSet;

use super::demands::Demands;
use super::ordinal_set::OrdinalSet;
use super::variable::Variable;

/// The picks of npm that the solver is held to.
#[derive(Clone, Debug, Default)]
pub(super) struct Picks {
    /// The versions that variables are held to.
    pub(super) held: BTreeMap<Variable, OrdinalSet>,
    /// The versions that remain for variables whose pick cannot be had, or gave way to a peer.
    pub(super) left: BTreeMap<Variable, OrdinalSet>,
    /// Every version that was held so far. None is held twice, so this ends.
    pub(super) tried: BTreeSet<(Variable, u32)>,
    /// The variables in which the last solution differs from npm's picks.
    pub(super) moved: Vec<DifferentPick>,
}

/// A variable of which a solution has another version than npm picks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DifferentPick {
    pub(super) variable: Variable,
    /// The version that npm picks.
    pub(super) own: u32,
    /// The versions that npm prefers to the solution's.
    pub(super) better: OrdinalSet,
    /// The version that the solution has.
    pub(super) here: u32,
}

/// A change of what is held, after which the solver runs again.
pub(super) enum PickChange {
    /// Hold these.
    Hold(Vec<DifferentPick>),
    /// Let go of this one, and take it from what is left.
    Leave(Variable, OrdinalSet),
}

impl Picks {
    /// Applies a change.
    pub(super) fn apply(&mut self, change: PickChange) {
        match change {
            PickChange::Hold(moved) => {
                for one in &moved {
                    self.tried.insert((one.variable, one.own));
                    self.held.insert(one.variable, OrdinalSet::singleton(one.own));
                }
                self.moved = moved;
            }
            PickChange::Leave(variable, set) => {
                self.held.remove(&variable);
                let left = self.left.entry(variable).or_insert_with(OrdinalSet::full);
                *left = left.intersection(&set);
            }
        }
    }

    /// Returns whether a variable is held.
    pub(super) fn holds(&self, variable: Variable) -> bool {
        self.held.contains_key(&variable)
    }

    /// Narrows demands to the versions that are held. A demand that excludes the held version is left as it is, so that the contradiction
    /// is seen.
    pub(super) fn narrowed(&self, mut demands: Demands) -> Demands {
        if !self.held.is_empty() {
            for (variable, set) in &mut demands.0 {
                let narrower = self.held.get(variable).map(|held| held.intersection(set));
                if let Some(narrower) = narrower.filter(|set| !set.is_empty()) {
                    *set = narrower;
                }
            }
        }
        demands
    }
}
