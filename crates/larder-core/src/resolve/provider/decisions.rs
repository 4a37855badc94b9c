//! The decisions of the solver that are not undone: its partial solution, without what it derived.

use rustc_hash::FxHashMap;

use crate::resolve::variable::{PackageIx, Variable};

/// The decisions that stand, in the order in which they were made.
///
/// The solver does not tell of backtracking, but it shows it. Where it goes back behind a decision, the first one that it
/// undoes is still asked for by those before it, so that variable is undecided again and prioritized anew before the next
/// version is chosen. A decided variable is never prioritized. So whenever one of these decisions' variables is prioritized,
/// that decision and all later ones are undone, and when a version is chosen, what is left is exactly what stands. The
/// same holds for a choice that the solver refuses: either other versions are left, and its variable is prioritized, or
/// none is, and the solver goes back behind an earlier decision.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    order: Vec<(Variable, u32)>,
    places: FxHashMap<Variable, usize>,
    /// The decisions about each package, in the same order.
    packages: FxHashMap<PackageIx, Vec<(Variable, u32)>>,
}

impl Decisions {
    /// Adds a decision.
    pub(super) fn push(&mut self, variable: Variable, ordinal: u32) {
        self.places.insert(variable, self.order.len());
        self.order.push((variable, ordinal));
        if let Some(package) = variable.package() {
            self.packages.entry(package).or_default().push((variable, ordinal));
        }
    }

    /// Notes that a variable is undecided: a decision about it, and all that came after, are undone.
    pub(super) fn undecided(&mut self, variable: Variable) {
        let Some(&place) = self.places.get(&variable) else { return };
        for (variable, _) in self.order.drain(place..).rev() {
            self.places.remove(&variable);
            if let Some(decided) = variable.package().and_then(|package| self.packages.get_mut(&package)) {
                decided.pop();
            }
        }
    }

    /// Returns the place of a variable among the decisions, and its version.
    pub(super) fn get(&self, variable: Variable) -> Option<(usize, u32)> {
        let place = *self.places.get(&variable)?;
        Some((place, self.order[place].1))
    }

    /// Returns the decisions about a package.
    pub(super) fn of(&self, package: PackageIx) -> &[(Variable, u32)] {
        self.packages.get(&package).map_or(&[], Vec::as_slice)
    }

    /// Returns all decisions.
    pub(super) fn all(&self) -> &[(Variable, u32)] {
        &self.order
    }

    /// Returns the number of packages that decisions were ever about.
    pub(super) fn packages(&self) -> usize {
        self.packages.len()
    }

    /// Returns whether these are the decisions of a solution.
    pub(super) fn agree(&self, solution: &crate::resolve::Solution) -> bool {
        self.order.len() == solution.len()
            && self.order.iter().all(|(variable, ordinal)| solution.get(variable) == Some(ordinal))
    }
}
