//! Lines that nothing satisfies, whatever the others ask for: a package, a version or a dist-tag that does not exist. All of them are
//! told at once, and not one a run.

use std::collections::BTreeSet;

use super::catalog::Catalog;
use super::index::IndexError;
use super::problem::Problem;
use super::resolution::NoSolution;
use super::search_state::SearchState;
use super::variable_rules::line_demands;
use super::{AttemptError, attempt, explain};

/// The most lines that are told of.
const MOST: usize = 50;

/// Adds to a contradiction, which rests on the lines `core`, the other lines that are hopeless.
pub(super) fn add(catalog: &Catalog, why: &mut NoSolution, core: &BTreeSet<u32>) {
    let others = (0..catalog.lines.len() as u32).filter(|place| !core.contains(place));
    let others = others.filter(|&place| !catalog.lines[place as usize].optional);
    // What a registry cannot answer now is no reason to say less than is known.
    let mut others = others.filter(|&place| is_hopeless(catalog, place).unwrap_or_default());
    let told = others.by_ref().filter_map(|place| explained(catalog, place).ok().flatten());
    for other in told.take(MOST) {
        let is_same = |known: &NoSolution| known.because.last() == other.because.last();
        match why.others.iter().position(is_same) {
            Some(place) => join(&mut why.others[place], other),
            None => why.others.push(other),
        }
    }
    why.untold = others.count();
}

/// Says of what another line asks for too that it does. The contradiction itself keeps to its core.
fn join(known: &mut NoSolution, other: NoSolution) {
    let end = known.because.len().saturating_sub(1);
    let asks = other.because.into_iter().next().filter(|asks| !known.because.contains(asks));
    known.because.splice(end..end, asks);
    let lines: BTreeSet<_> = known.lines.iter().chain(&other.lines).copied().collect();
    known.lines = lines.into_iter().collect();
}

/// Returns whether nothing satisfies a line.
fn is_hopeless(catalog: &Catalog, place: u32) -> Result<bool, IndexError> {
    let search_state = SearchState::with_lines(catalog, BTreeSet::from([place]));
    let demands = line_demands(Problem { catalog, search_state: &search_state }, place)?;
    Ok(demands.0.iter().any(|(_, set)| set.is_empty()))
}

/// Explains a line that is hopeless.
fn explained(catalog: &Catalog, place: u32) -> Result<Option<NoSolution>, IndexError> {
    let mut search_state = SearchState::with_lines(catalog, BTreeSet::from([place]));
    match attempt(catalog, &mut search_state) {
        Err(AttemptError::Contradiction(tree)) => {
            explain::explain(Problem { catalog, search_state: &search_state }, &tree).map(Some)
        }
        Err(AttemptError::Index(error)) => Err(error),
        Ok(_) | Err(AttemptError::TooManyPeerContexts(_)) => Ok(None),
    }
}
