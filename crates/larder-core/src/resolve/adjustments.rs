//! Rules that the solver does not know: what has to be adjusted after a solution or a contradiction, before the solver runs
//! again.

use pubgrub::{External, VersionSet};

use super::Solution;
use super::catalog::Catalog;
use super::derivation::{Derivation, facts};
use super::index::{DependencyKind, IndexError};
use super::ordinal_set::OrdinalSet;
use super::problem::{PeerBinding, Problem};
use super::provider::Provider;
use super::search_state::{Adjustment, Droppable};
use super::strict_peers;
use super::variable::{NodeIx, NodeOwner, PackageIx, Variable};

/// Checks a solution against the rules that the solver does not know. Returns `None` if it stands.
pub(super) fn after_solution(problem: Problem, solution: &Solution) -> Result<Option<Adjustment>, IndexError> {
    let broken = broken_optional_peers(problem, solution)?;
    if !broken.is_empty() {
        return Ok(Some(Adjustment::Bind(broken)));
    }
    Ok(strict_peers::check_solution(problem, solution)?.map(Adjustment::Picks))
}

/// Finds a rule that can give way in a contradiction: npm's picks to the peers that are laid upon them, then the ties between
/// platforms, which cost nothing, then optional dependencies, one at a time and in a fixed order, then picks that cannot be
/// had. Returns `None` if the contradiction is final.
pub(super) fn after_contradiction(
    tree: &Derivation,
    provider: &Provider,
    problem: Problem,
) -> Result<Option<Adjustment>, IndexError> {
    if let Some(adjustment) = strict_peers::pick_to_release(problem, tree)? {
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
        None => Ok(strict_peers::unobtainable_pick(problem)?.map(Adjustment::Picks)),
    }
}

/// Returns the optional peers that are in place and do not satisfy, under strict peers: (dependent, name).
fn broken_optional_peers(problem: Problem, solution: &Solution) -> Result<Vec<(NodeIx, PackageIx)>, IndexError> {
    let mut broken = Vec::new();
    if !problem.is_strict() {
        return Ok(broken);
    }
    for (&variable, &ordinal) in solution {
        let Variable::Nested { package, scope, .. } = variable else { continue };
        let place = problem.node_of(package, ordinal, scope)?;
        let Some(around) = problem.catalog.interned.node(place).around else { continue };
        let prepared = problem.catalog.prepared(package, ordinal)?;
        for need in prepared.needs.iter().filter(|need| need.kind == DependencyKind::OptionalPeer) {
            let found = problem.peer_binding(need, around)?;
            let Some(variable @ Variable::Nested { .. }) = problem.peer_variable(need, found) else { continue };
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

fn is_among(what: Droppable, versions: &OrdinalSet) -> bool {
    match what {
        Droppable::Need(NodeOwner::Release(_, ordinal), _) => versions.contains(&ordinal),
        _ => true,
    }
}

/// Returns the order in which dependencies are left out: the manifest's own lines last, the rest by name.
fn order(catalog: &Catalog, what: Droppable) -> Result<(bool, u32, String), IndexError> {
    Ok(match what {
        Droppable::Line(place) => (true, u32::MAX - place, String::new()),
        Droppable::Need(NodeOwner::Manifest(_), name) => (false, 0, catalog.interned.id(name).to_string()),
        Droppable::Need(NodeOwner::Release(package, ordinal), name) => {
            (false, 0, format!("{} {}", catalog.key(package, ordinal)?, catalog.interned.id(name)))
        }
    })
}
