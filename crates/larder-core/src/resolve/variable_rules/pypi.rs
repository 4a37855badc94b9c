//! Python: a package is decided on each platform, and as a whole.

use crate::model::Platform;

use super::{DecidingVariable, ScopedNeed, VariableRules};
use crate::resolve::Solution;
use crate::resolve::demands::Demands;
use crate::resolve::index::IndexError;
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::problem::Problem;
use crate::resolve::variable::Variable;

/// Which variables decide about Python packages.
pub(super) struct PypiVariables;

impl VariableRules for PypiVariables {
    fn demand(
        &self,
        problem: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        set: OrdinalSet,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        let ScopedNeed { need, package, platforms, .. } = *scoped;
        let catalog = problem.catalog;
        let table = catalog.table(package)?;
        catalog.note_source(package, &table, &set);
        for &platform in catalog.platforms.iter().filter(|&&platform| platforms.contains(platform)) {
            let set = catalog.installable(package, &table, &set, platform);
            if problem.is_tied(package) {
                demands.push(Variable::Py(package), set.clone());
            }
            for extra in need.requirement.extras() {
                let extra = catalog.extra(package, extra);
                demands.push(Variable::PyExtra(package, extra, platform), set.clone());
            }
            demands.push(Variable::PyOn(package, platform), set);
        }
        Ok(())
    }

    fn decided(
        &self,
        problem: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        _: &Solution,
    ) -> Result<Vec<DecidingVariable>, IndexError> {
        let decided = |&platform: &Platform| DecidingVariable {
            variable: Variable::PyOn(scoped.package, platform),
            scope: problem.catalog.home(),
            platform: Some(platform),
        };
        Ok(problem.catalog.platforms.iter().map(decided).collect())
    }
}
