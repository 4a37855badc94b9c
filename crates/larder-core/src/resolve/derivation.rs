//! The solver's own account of a contradiction.

use std::sync::Arc;

use pubgrub::{DerivationTree, External};
use rustc_hash::FxHashSet;

use super::ordinal_set::OrdinalSet;
use super::variable::Variable;

/// Why a set of versions is impossible, as the solver derived it.
pub(super) type Derivation = DerivationTree<Variable, OrdinalSet, String>;

/// Returns what a contradiction rests on, in the order of the derivation, each once.
pub(super) fn facts(tree: &Derivation) -> Vec<&External<Variable, OrdinalSet, String>> {
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
