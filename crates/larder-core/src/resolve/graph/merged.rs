//! Peers where each version is one node: what all of its dependents agree on.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::resolve::Solution;
use crate::resolve::index::IndexError;
use crate::resolve::problem::Problem;
use crate::resolve::release::{Need, NeedOrigin};
use crate::resolve::variable::{NodeIx, NodeOwner, PackageIx, Variable};

/// The binding of each peer of each version. `None` if nobody provides the peer.
pub(super) type Bindings = FxHashMap<(NodeOwner, PackageIx), Option<NodeOwner>>;

/// The bindings that the dependents of a version provide for one of its peers.
#[derive(Default)]
struct Provided {
    found: BTreeSet<Option<NodeOwner>>,
    /// The dependents that want the peer themselves, and provide what they get.
    forwarded_by: Vec<NodeOwner>,
}

/// Binds the peers of every version, or returns none where two of its dependents provide different things: then it is there
/// more than once, and merged wrongly.
pub(super) fn bindings(problem: Problem, solution: &Solution) -> Result<Option<Bindings>, IndexError> {
    let catalog = problem.catalog;
    let mut all: BTreeMap<(NodeOwner, PackageIx), Provided> = BTreeMap::new();
    let chosen: FxHashMap<(NodeIx, PackageIx), NodeOwner> = solution
        .iter()
        .filter_map(|(&variable, &ordinal)| match variable {
            Variable::Nested { package, alias, scope } => Some(((scope, alias), NodeOwner::Release(package, ordinal))),
            _ => None,
        })
        .collect();
    for (&variable, &ordinal) in solution {
        let (package, scope) = match variable {
            Variable::Nested { package, scope, .. } => (package, scope),
            Variable::Bucket(package, _) | Variable::Single(package) => (package, catalog.home_of(package, ordinal)?),
            _ => continue,
        };
        // Types may differ from dependent to dependent: where each version is one node, they are left out.
        let is_bound = |need: &&Need| need.is_peer() && need.origin != NeedOrigin::TypesOfPeer;
        for need in catalog.prepared(package, ordinal)?.needs.iter().filter(is_bound) {
            let provided = all.entry((NodeOwner::Release(package, ordinal), need.alias)).or_default();
            let dependent = catalog.interned.node(scope).owner;
            if problem.forwards_peer(need.alias, scope)? {
                provided.forwarded_by.push(dependent);
                continue;
            }
            let found = match (dependent, problem.binding_of(need.alias, scope)?) {
                (NodeOwner::Manifest(_), place) => match problem.peer_variable(need, place) {
                    Some(Variable::Nested { alias, scope, .. }) => chosen.get(&(scope, alias)).copied(),
                    _ => None,
                },
                (NodeOwner::Release(package, _), _) => {
                    let itself = (package == need.alias).then_some(dependent);
                    chosen.get(&(scope, need.alias)).copied().or(itself)
                }
            };
            provided.found.insert(found);
        }
    }
    Ok(settle(all))
}

/// Hands on what dependents get themselves, until nothing changes.
fn settle(mut all: BTreeMap<(NodeOwner, PackageIx), Provided>) -> Option<Bindings> {
    let keys: Vec<_> = all.keys().copied().collect();
    loop {
        let mut changed = false;
        for key in &keys {
            let forwarded = all[key].forwarded_by.iter().filter_map(|&dependent| all.get(&(dependent, key.1)));
            let mut found = all[key].found.clone();
            found.extend(forwarded.flat_map(|provided| provided.found.iter().copied()));
            if found.len() > 1 {
                return None;
            }
            if let Some(provided) = all.get_mut(key).filter(|provided| provided.found != found) {
                provided.found = found;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    Some(all.into_iter().map(|(key, provided)| (key, provided.found.into_iter().next().flatten())).collect())
}
