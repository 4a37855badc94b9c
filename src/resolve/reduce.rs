//! From a contradiction to the lines without any of which there would be none.

use std::collections::BTreeSet;

use super::catalog::Catalog;
use super::index::IndexError;
use super::steering::{self, Steering};
use super::variable::Variable;
use super::{Derivation, Failed, attempt};

/// How often the solver is run again, at most.
const ATTEMPTS: usize = 24;

/// Leaves out lines one at a time for as long as the contradiction stays, and returns the last one with the steering
/// that it was found under. The index has answered everything before, so this costs no more than the solver's time.
pub(super) fn reduce(
    catalog: &Catalog,
    tree: Derivation,
    steering: Steering,
) -> Result<(Derivation, Steering), IndexError> {
    let mut found = (tree, steering);
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
        let mut steering = Steering::with_lines(catalog, rest);
        match attempt(catalog, &mut steering) {
            Ok(_) | Err(Failed::Entangled(_)) => {}
            Err(Failed::Contradiction(tree)) => {
                core = lines(&tree);
                found = (*tree, steering);
            }
            Err(Failed::Index(error)) => return Err(error),
        }
    }
    Ok(found)
}

/// Returns the lines that a contradiction rests on.
pub(super) fn lines(tree: &Derivation) -> BTreeSet<u32> {
    let mut lines = BTreeSet::new();
    for fact in steering::facts(tree) {
        if let pubgrub::External::FromDependencyOf(Variable::Line(line), ..)
        | pubgrub::External::FromDependencyOf(_, _, Variable::Line(line), _) = fact
        {
            lines.insert(*line);
        }
    }
    lines
}
