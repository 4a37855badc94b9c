//! In which order Python packages are decided: as they were met, breadth first, but for those that keep being refused. They
//! come first, so that they are as new as what asks for them wants; what refused them comes last.

use pubgrub::VersionSet;
use rustc_hash::{FxHashMap, FxHashSet};

use super::ordinal_set::OrdinalSet;
use super::variable::{PackageIx, Variable};

/// After this many refusals the order is changed.
const STUBBORN: u32 = 5;
/// The most times that a run starts again with another order.
const REORDERINGS: u32 = 32;

/// The packages that are decided out of turn.
#[derive(Clone, Debug, Default)]
pub(super) struct DecisionOrder {
    /// Packages whose versions were refused again and again.
    early: FxHashSet<PackageIx>,
    /// Packages whose decisions were in the way of those.
    late: FxHashSet<PackageIx>,
    reorderings: u32,
}

/// A change of the order, for which a run is stopped.
#[derive(Clone, Debug)]
pub(super) struct Reordering {
    early: PackageIx,
    late: Vec<PackageIx>,
}

/// The refusals that a run sees.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// The version last chosen for each variable of a Python package, whether or not the choice was undone since.
    last: FxHashMap<Variable, u32>,
    /// The demands of the last choice for each package.
    demands: FxHashMap<PackageIx, Vec<(Variable, OrdinalSet)>>,
    refused: FxHashMap<PackageIx, u32>,
    refusing: FxHashMap<PackageIx, u32>,
}

impl DecisionOrder {
    /// Applies a reordering.
    pub(super) fn apply(&mut self, reordering: Reordering) {
        self.reorderings += 1;
        self.early.insert(reordering.early);
        self.late.extend(reordering.late);
    }

    /// Returns whether a package is decided before most.
    pub(super) fn is_early(&self, package: PackageIx) -> bool {
        self.early.contains(&package)
    }

    /// Returns whether a package is decided after most, when all that is asked of it is known.
    pub(super) fn is_late(&self, package: PackageIx) -> bool {
        self.late.contains(&package)
    }
}

impl Refusals {
    /// Notes a choice.
    pub(super) fn chosen(&mut self, variable: Variable, ordinal: u32) {
        if matches!(variable, Variable::Py(_) | Variable::PyOn(..) | Variable::PyExtra(..)) {
            self.last.insert(variable, ordinal);
        }
    }

    /// Notes what a choice demands.
    pub(super) fn demanded(&mut self, variable: Variable, demands: &[(Variable, OrdinalSet)]) {
        if let Some(package) = variable.package() {
            self.demands.insert(package, demands.to_vec());
        }
    }

    /// Notes for what a version is asked. Where one was chosen before and does not count any more, it was refused: by
    /// those of its demands that do not agree with what was last chosen. Returns a reordering where that happened too often.
    pub(super) fn asked(
        &mut self,
        order: &DecisionOrder,
        variable: Variable,
        range: &OrdinalSet,
    ) -> Option<Reordering> {
        let package = variable.package()?;
        if self.last.get(&variable).is_none_or(|ordinal| range.contains(ordinal)) {
            return None;
        }
        for (to, set) in self.demands.remove(&package).unwrap_or_default() {
            if let Some(culprit) = to.package().filter(|&culprit| culprit != package)
                && self.last.get(&to).is_some_and(|ordinal| !set.contains(ordinal))
            {
                *self.refusing.entry(culprit).or_default() += 1;
            }
        }
        let refused = self.refused.entry(package).or_default();
        *refused += 1;
        if *refused < STUBBORN || order.is_early(package) || order.reorderings == REORDERINGS {
            return None;
        }
        let culprits = self.refusing.iter().filter(|(_, count)| **count >= STUBBORN).map(|(&culprit, _)| culprit);
        Some(Reordering { early: package, late: culprits.collect() })
    }
}
