//! Strict peers as npm has them: what a manifest brings is npm's own pick among the versions that its line and the peers laid
//! upon it take. It is never lowered for the sake of its *own* peers; those are fulfilled, or there is no solution.
//!
//! The solver knows no such preference: it takes whatever fits. So a solution is looked through for versions that npm would not
//! have picked, npm's picks are held, and the problem is solved again. A pick gives way to a peer that is laid upon it, and
//! where it cannot be had for another reason than peers.

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::{External, VersionSet};

use super::derivation::{Derivation, facts};
use super::direct_dependency::DirectDependency;
use super::index::IndexError;
use super::ordinal_set::OrdinalSet;
use super::picks::{DifferentPick, PickChange, Picks};
use super::problem::Problem;
use super::search_state::SearchState;
use super::variable::{NodeOwner, PackageIx, Variable};
use super::variable_rules::line_demands;
use super::version_table::VersionTable;
use super::{AttemptError, Solution, attempt};

/// Says which versions fit though npm does not pick them: those of the last solution, as far as a contradiction is
/// about the same packages.
pub(super) fn advice(picks: &Picks, problem: Problem, tree: &Derivation) -> Result<Option<String>, IndexError> {
    let facts = facts(tree);
    let is_told = |variable: Variable| {
        facts.iter().any(|fact| matches!(fact, External::FromDependencyOf(_, _, to, _) if *to == variable))
    };
    let (mut fitting, mut picked) = (Vec::new(), Vec::new());
    for DifferentPick { variable, own, here, .. } in &picks.moved {
        if let Some(package) = variable.package().filter(|_| is_told(*variable)) {
            let name =
                |ordinal| problem.catalog.key(package, ordinal).map(|key| format!("{} {}", key.id.name, key.version));
            fitting.push(name(*here)?);
            picked.push(name(*own)?);
        }
    }
    let (fit, them) = match &fitting[..] {
        [] => return Ok(None),
        [one] => ("fits", one.clone()),
        _ => ("fit", "these".to_owned()),
    };
    let (fitting, picked) = (fitting.join(" and "), picked.join(" and "));
    Ok(Some(format!(
        "{fitting} {fit}, and npm picks {picked}: ask for {them}, or set `npm-peers \"relaxed\"` under `resolution` to be \
         warned about peers instead"
    )))
}

/// Looks through a solution for versions that npm would not have picked.
pub(super) fn check_solution(problem: Problem, solution: &Solution) -> Result<Option<PickChange>, IndexError> {
    if !problem.is_strict() {
        return Ok(None);
    }
    let mut moved = Vec::new();
    // Versions that are npm's pick somewhere. A missing peer shares them.
    let mut picked: BTreeSet<(PackageIx, u32)> = BTreeSet::new();
    for (variable, asked) in asked(problem, solution)? {
        let (Some(package), Some(&here)) = (variable.package(), solution.get(&variable)) else { continue };
        let table = problem.catalog.table(package)?;
        let shared = match DirectDependency::of(problem, variable)? {
            Some(line) => line.shared(&asked.set)?,
            None => None,
        };
        let is_pick = [shared, table.preferred(&asked.set)].contains(&Some(here));
        if table.locked.contains(&here) || is_pick {
            picked.insert((package, here));
        } else if asked.by != BroughtBy::Release {
            moved.push((asked.by, compare(problem, &table, (variable, package), &asked.set, here)?));
        }
    }
    let tried = &problem.search_state.picks.tried;
    let is_shared = |by, one: &DifferentPick| {
        by == BroughtBy::Peer && one.variable.package().is_some_and(|package| picked.contains(&(package, one.here)))
    };
    let moved: Vec<DifferentPick> = moved
        .into_iter()
        .filter_map(|(by, one)| one.filter(|one| !is_shared(by, one) && !tried.contains(&(one.variable, one.own))))
        .collect();
    Ok((!moved.is_empty()).then_some(PickChange::Hold(moved)))
}

/// Finds the held pick that gives way in a contradiction: one that a peer is laid upon comes first.
pub(super) fn pick_to_release(problem: Problem, tree: &Derivation) -> Result<Option<PickChange>, IndexError> {
    for fact in facts(tree) {
        let External::FromDependencyOf(from, _, to, set) = fact else { continue };
        let Some(held) = problem.search_state.picks.held.get(to) else { continue };
        if matches!(from, Variable::Line(_)) || !held.is_disjoint(set) {
            continue;
        }
        let mut left = set.clone();
        for &line in &problem.search_state.active {
            let demands = line_demands(problem, line)?.0;
            left = demands.iter().filter(|(on, _)| on == to).fold(left, |left, (_, set)| left.intersection(set));
        }
        if let Some(known) = problem.search_state.picks.left.get(to) {
            left = left.intersection(known);
        }
        if !left.is_empty() {
            return Ok(Some(PickChange::Leave(*to, left)));
        }
    }
    Ok(None)
}

/// Learns that something held cannot be had, even where peers only guide: then it is not for its peers that it was lowered.
pub(super) fn unobtainable_pick(problem: Problem) -> Result<Option<PickChange>, IndexError> {
    let Problem { catalog, search_state } = problem;
    let can_be_had = |variable: Variable, set: &OrdinalSet| {
        let picks = Picks { held: BTreeMap::from([(variable, set.clone())]), ..Picks::default() };
        let mut relaxed = SearchState { active: search_state.active.clone(), picks, ..SearchState::default() };
        match attempt(catalog, &mut relaxed) {
            Ok(_) => Ok(true),
            Err(AttemptError::Contradiction(_) | AttemptError::TooManyPeerContexts(_)) => Ok(false),
            Err(AttemptError::Index(error)) => Err(error),
        }
    };
    for DifferentPick { variable, own, better, .. } in &search_state.picks.moved {
        let own = OrdinalSet::singleton(*own);
        if !search_state.picks.held.contains_key(variable) || can_be_had(*variable, &own)? {
            continue;
        }
        let lost = if can_be_had(*variable, better)? { &own } else { better };
        return Ok(Some(PickChange::Leave(*variable, lost.complement())));
    }
    Ok(None)
}

/// The intersection of all demands on a variable.
struct Demanded {
    set: OrdinalSet,
    by: BroughtBy,
}

/// Which kind of dependent brings an npm package to its place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum BroughtBy {
    /// A release, among its own.
    Release,
    /// A peer that nobody provides, beside what a manifest brings.
    Peer,
    /// A manifest's line.
    Line,
}

/// Returns what is asked of npm packages in a solution.
fn asked(problem: Problem, solution: &Solution) -> Result<BTreeMap<Variable, Demanded>, IndexError> {
    let catalog = problem.catalog;
    let mut all: BTreeMap<Variable, Demanded> = BTreeMap::new();
    let mut add = |variable: Variable, set: &OrdinalSet, by: BroughtBy| {
        let asked = all.entry(variable).or_insert_with(|| Demanded { set: OrdinalSet::full(), by });
        asked.set = asked.set.intersection(set);
        asked.by = asked.by.max(by);
    };
    for &line in &problem.search_state.active {
        for (variable, set) in line_demands(problem, line)?.0 {
            if matches!(variable, Variable::Nested { .. }) {
                add(variable, &set, BroughtBy::Line);
            }
        }
    }
    for (&variable, &ordinal) in solution {
        let (package, scope) = match variable {
            Variable::Nested { package, scope, .. } => (package, scope),
            Variable::Bucket(package, _) | Variable::Single(package) => (package, catalog.home_of(package, ordinal)?),
            _ => continue,
        };
        let node = problem.node_of(package, ordinal, scope)?;
        for need in &catalog.prepared(package, ordinal)?.needs {
            if need.is_peer() {
                if let Some((variable @ Variable::Nested { scope, .. }, set)) = problem.strict_peer(node, need)? {
                    let by_manifest = matches!(catalog.interned.node(scope).owner, NodeOwner::Manifest(_));
                    add(variable, &set, if by_manifest { BroughtBy::Peer } else { BroughtBy::Release });
                }
            } else if need.requirement.ecosystem().has_scopes() {
                let package = catalog.part(need.package, None);
                let variable = Variable::Nested { package, alias: need.alias, scope: node };
                if solution.contains_key(&variable) {
                    add(variable, &catalog.set(need)?, BroughtBy::Release);
                }
            }
        }
    }
    Ok(all)
}

/// Compares a solution's version with npm's pick.
fn compare(
    problem: Problem,
    table: &VersionTable,
    (variable, package): (Variable, PackageIx),
    asked: &OrdinalSet,
    here: u32,
) -> Result<Option<DifferentPick>, IndexError> {
    let left = problem.search_state.picks.left.get(&variable).filter(|left| left.contains(&here));
    let mut set = left.map_or_else(|| asked.clone(), |left| left.intersection(asked));
    let mut own = None;
    let mut better = OrdinalSet::empty();
    while let Some(pick) = table.preferred(&set).filter(|pick| *pick != here) {
        let one = OrdinalSet::singleton(pick);
        set = set.intersection(&one.complement());
        if own.is_some() || problem.refused(package, pick)?.is_none() {
            own = own.or(Some(pick));
            better = better.union(&one);
        }
    }
    Ok(own.map(|own| DifferentPick { variable, own, better, here }))
}
