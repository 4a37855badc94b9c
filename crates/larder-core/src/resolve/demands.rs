//! The demands of a decision on other variables.

use pubgrub::VersionSet;

use super::ordinal_set::OrdinalSet;
use super::variable::Variable;

/// Sets of versions, by variable, in the order in which they were demanded.
#[derive(Debug, Default)]
pub(super) struct Demands(pub(super) Vec<(Variable, OrdinalSet)>);

impl Demands {
    /// Demands that a variable be in a set, beside what is demanded of it already.
    pub(super) fn push(&mut self, variable: Variable, set: OrdinalSet) {
        match self.0.iter_mut().find(|(known, _)| *known == variable) {
            Some((_, known)) => *known = known.intersection(&set),
            None => self.0.push((variable, set)),
        }
    }
}
