//! Python packages of which there is nothing but source that says too little: all of them at once, and not one a run.

use std::collections::BTreeSet;

use pubgrub::{External, VersionSet};

use super::catalog::Catalog;
use super::derivation::{Derivation, facts};
use super::index::IndexError;
use super::resolution::UnbuiltPackage;
use super::search_state::SearchState;
use super::variable::{ABSENT, PackageIx, Variable};
use super::{AttemptError, attempt};

/// The most times that the solver is run again.
const ATTEMPTS: usize = 64;

/// Returns the packages that would have to be built, if a contradiction is about one: those that a solver finds, and those that
/// had to be built where the preferred versions were chosen.
pub(super) fn unbuilt(catalog: &Catalog, tree: &Derivation) -> Result<Vec<UnbuiltPackage>, IndexError> {
    let mut found = found_by_solving(catalog, tree)?;
    if !found.is_empty() {
        let preferences = &catalog.requirements.preferences;
        let others = preferences.source_only.iter().filter(|id| found.iter().all(|known| known.package != **id));
        let others: Vec<UnbuiltPackage> = others
            .map(|id| {
                let version = preferences.versions.get(id).and_then(|versions| versions.last()).cloned();
                UnbuiltPackage { package: id.clone(), version }
            })
            .collect();
        found.extend(others);
        found.sort();
    }
    Ok(found)
}

/// Returns the packages that would have to be built, as far as a solver comes: each is taken as if it needed nothing, and the solver
/// runs again, until nothing else is in the way.
fn found_by_solving(catalog: &Catalog, tree: &Derivation) -> Result<Vec<UnbuiltPackage>, IndexError> {
    let mut assumed = BTreeSet::new();
    let mut next = source_only(catalog, tree)?;
    for _ in 0..ATTEMPTS {
        if next.is_empty() {
            break;
        }
        assumed.append(&mut next);
        let mut search_state = SearchState::new(catalog);
        search_state.assumed_built.extend(&assumed);
        match attempt(catalog, &mut search_state) {
            Ok(solution) => {
                let chosen = solution.iter().filter_map(|(variable, ordinal)| match variable {
                    Variable::PyOn(package, _) if *ordinal != ABSENT => Some((*package, *ordinal)),
                    _ => None,
                });
                let chosen: BTreeSet<(PackageIx, u32)> = chosen.collect();
                let mut found = Vec::new();
                for (package, ordinal) in chosen {
                    let candidate = catalog.table(package)?.candidate(ordinal).clone();
                    if candidate.is_source_only() {
                        let version = Some(candidate.version);
                        found.push(UnbuiltPackage { package: catalog.interned.id(package), version });
                    }
                }
                found.sort();
                return Ok(found);
            }
            Err(AttemptError::Contradiction(tree)) => {
                next = source_only(catalog, &tree)?.difference(&assumed).copied().collect();
            }
            Err(AttemptError::TooManyPeerContexts(_)) => break,
            Err(AttemptError::Index(error)) => return Err(error),
        }
    }
    let known =
        assumed.into_iter().map(|package| UnbuiltPackage { package: catalog.interned.id(package), version: None });
    let mut known: Vec<_> = known.collect();
    known.sort();
    Ok(known)
}

/// Returns the packages of a contradiction whose refused versions are only there as source.
fn source_only(catalog: &Catalog, tree: &Derivation) -> Result<BTreeSet<PackageIx>, IndexError> {
    let mut found = BTreeSet::new();
    for fact in facts(tree) {
        if let External::Custom(Variable::Py(package) | Variable::PyOn(package, _), versions, _) = fact
            && versions.subset_of(catalog.table(*package)?.source_only())
        {
            found.insert(*package);
        }
    }
    Ok(found)
}
