//! What is carried from one run of the solver to the next: rules that are decided outside it, and are adjusted where a run
//! shows that they must be.

use std::collections::BTreeSet;
use std::sync::Arc;

use pubgrub::{DerivationTree, External, VersionSet};
use rustc_hash::FxHashSet;

use crate::model::NpmPeers;

use super::catalog::Catalog;
use super::index::{DependencyKind, IndexError};
use super::order::{self, Order};
use super::peer_contexts::TooManyPeerContexts;
use super::picks::{self, Picks};
use super::problem::{PeerBinding, Problem};
use super::provider::Provider;
use super::set::Set;
use super::variable::{NodeIx, Owner, PackageIx, Variable};
use super::{Derivation, Solution};

/// Something that may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Droppable {
    /// An optional line.
    Line(u32),
    /// What an owner asks for under a name.
    Need(Owner, PackageIx),
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
    pub(super) order: Order,
    /// Whether npm's peers are constraints.
    pub(super) peers: NpmPeers,
    /// What npm's own picks are held to under strict peers.
    pub(super) picks: Picks,
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
    Order(order::Reordering),
    /// Hold npm's own picks, or let go of them.
    Picks(picks::PickChange),
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
    pub(super) fn take(&mut self, adjustment: Adjustment) {
        match adjustment {
            Adjustment::Bind(peers) => self.bound.extend(peers),
            Adjustment::Untie(packages) => self.untied.extend(packages),
            // What was untied for its sake may not need to be.
            Adjustment::Drop(what) => {
                self.untied.clear();
                self.dropped.insert(what);
            }
            Adjustment::Order(adjustment) => self.order.take(adjustment),
            Adjustment::Picks(adjustment) => self.picks.take(adjustment),
            Adjustment::Merge(too_many) => self.merged = Some(too_many),
        }
    }
}

/// Checks a solution against the rules that the solver does not know. Returns `None` if it stands.
pub(super) fn look_through(problem: Problem, solution: &Solution) -> Result<Option<Adjustment>, IndexError> {
    let broken = broken_optional_peers(problem, solution)?;
    if !broken.is_empty() {
        return Ok(Some(Adjustment::Bind(broken)));
    }
    Ok(picks::look_through(problem, solution)?.map(Adjustment::Picks))
}

/// Finds a rule that can give way in a contradiction: npm's picks to the peers that are laid upon them, then the ties between
/// platforms, which cost nothing, then optional dependencies, one at a time and in a fixed order, then picks that cannot be
/// had. Returns `None` if the contradiction is final.
pub(super) fn learn(
    tree: &Derivation,
    provider: &Provider,
    problem: Problem,
) -> Result<Option<Adjustment>, IndexError> {
    if let Some(adjustment) = picks::gives_way(problem, tree)? {
        return Ok(Some(Adjustment::Picks(adjustment)));
    }
    let facts = facts(tree);
    let mut tied: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            External::FromDependencyOf(_, _, Variable::Py(package), _)
            | External::FromDependencyOf(Variable::Py(package), _, Variable::PyOn(..), _) => Some(*package),
            _ => None,
        })
        .filter(|&package| problem.is_tied(package))
        .collect();
    tied.sort_unstable();
    tied.dedup();
    if !tied.is_empty() {
        return Ok(Some(Adjustment::Untie(tied)));
    }
    let mut droppable = Vec::new();
    for fact in &facts {
        let External::FromDependencyOf(from, versions, to, _) = fact else { continue };
        for what in provider.droppable(*from, *to) {
            if is_among(what, versions) {
                droppable.push((order(problem.catalog, what)?, what));
            }
        }
    }
    match droppable.into_iter().min() {
        Some((_, what)) => Ok(Some(Adjustment::Drop(what))),
        None => Ok(picks::cannot_be_had(problem)?.map(Adjustment::Picks)),
    }
}

/// Returns the optional peers that are in place and do not satisfy, under strict peers: (dependent, name).
fn broken_optional_peers(problem: Problem, solution: &Solution) -> Result<Vec<(NodeIx, PackageIx)>, IndexError> {
    let mut broken = Vec::new();
    if !problem.is_strict() {
        return Ok(broken);
    }
    for (&variable, &ordinal) in solution {
        let Variable::Npm { package, scope, .. } = variable else { continue };
        let place = problem.node_of(package, ordinal, scope)?;
        let Some(around) = problem.catalog.node(place).around else { continue };
        let prepared = problem.catalog.prepared(package, ordinal)?;
        for need in prepared.needs.iter().filter(|need| need.kind == DependencyKind::OptionalPeer) {
            let found = problem.peer(need, around)?;
            let Some(variable @ Variable::Npm { .. }) = problem.peer_variable(need, found) else { continue };
            let Some(chosen) = solution.get(&variable) else { continue };
            let known = problem.search_state.bound.contains(&(place, need.alias));
            if !known && matches!(found, PeerBinding::Absent(_)) && !problem.peer_set(need, found)?.contains(chosen) {
                broken.push((place, need.alias));
            }
        }
    }
    broken.sort_unstable();
    Ok(broken)
}

fn is_among(what: Droppable, versions: &Set) -> bool {
    match what {
        Droppable::Need(Owner::Release(_, ordinal), _) => versions.contains(&ordinal),
        _ => true,
    }
}

/// What is left out first: the manifest's own lines last, the rest by name.
fn order(catalog: &Catalog, what: Droppable) -> Result<(bool, u32, String), IndexError> {
    Ok(match what {
        Droppable::Line(place) => (true, u32::MAX - place, String::new()),
        Droppable::Need(Owner::Manifest(_), name) => (false, 0, catalog.id(name).to_string()),
        Droppable::Need(Owner::Release(package, ordinal), name) => {
            (false, 0, format!("{} {}", catalog.key(package, ordinal)?, catalog.id(name)))
        }
    })
}

/// Returns what a contradiction rests on, in the order of the derivation, each once.
pub(super) fn facts(tree: &Derivation) -> Vec<&External<Variable, Set, String>> {
    let mut facts = Vec::new();
    let mut seen = FxHashSet::default();
    let mut open = vec![tree];
    while let Some(tree) = open.pop() {
        match tree {
            DerivationTree::External(fact) => facts.push(fact),
            DerivationTree::Derived(derived) => {
                for cause in [&derived.cause2, &derived.cause1] {
                    if seen.insert(Arc::as_ptr(cause)) {
                        open.push(cause);
                    }
                }
            }
        }
    }
    facts
}
