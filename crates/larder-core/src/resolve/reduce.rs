//! From a contradiction to the lines without any of which there would be none.

use std::collections::BTreeSet;

use super::catalog::Catalog;
use super::derivation::{Derivation, facts};
use super::index::IndexError;
use super::search_state::SearchState;
use super::variable::Variable;
use super::{AttemptError, attempt};

/// The most times that the solver is run again.
const ATTEMPTS: usize = 24;

/// Leaves out lines one at a time for as long as the contradiction stays, and returns the last one with the [`SearchState`]
/// that it was found under. The index has answered everything before, so this costs no more than the solver's time.
pub(super) fn reduce(
    catalog: &Catalog,
    tree: Derivation,
    search_state: SearchState,
) -> Result<(Derivation, SearchState), IndexError> {
    let mut found = (tree, search_state);
    let mut core = lines(&found.0);
    let mut left = ATTEMPTS;
    for line in core.clone() {
        if core.len() < 2 || left == 0 {
            break;
        }
        if !core.contains(&line) {
            continue;
        }
        left -= 1;
        let mut rest = core.clone();
        rest.remove(&line);
        let mut search_state = SearchState::with_lines(catalog, rest);
        match attempt(catalog, &mut search_state) {
            Ok(_) | Err(AttemptError::TooManyPeerContexts(_)) => {}
            Err(AttemptError::Contradiction(tree)) => {
                core = lines(&tree);
                found = (*tree, search_state);
            }
            Err(AttemptError::Index(error)) => return Err(error),
        }
    }
    Ok(found)
}

/// Returns the lines that a contradiction rests on.
pub(super) fn lines(tree: &Derivation) -> BTreeSet<u32> {
    let mut lines = BTreeSet::new();
    for fact in facts(tree) {
        if let pubgrub::External::FromDependencyOf(Variable::Line(line), ..)
        | pubgrub::External::FromDependencyOf(_, _, Variable::Line(line), _) = fact
        {
            lines.insert(*line);
        }
    }
    lines
}
