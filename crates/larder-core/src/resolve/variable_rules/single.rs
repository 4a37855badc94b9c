//! Packages of which there is one version for all who need them: there is one variable.

use super::{DecidingVariable, ScopedNeed, VariableRules};
use crate::resolve::Solution;
use crate::resolve::demands::Demands;
use crate::resolve::index::{IndexError, PlatformSet};
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::problem::Problem;
use crate::resolve::variable::Variable;

/// Which variables decide about packages of which there is one version.
pub(super) struct Single;

impl VariableRules for Single {
    fn demand(
        &self,
        _: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        set: OrdinalSet,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        if scoped.platforms != PlatformSet::NONE {
            demands.push(Variable::Single(scoped.package), set);
        }
        Ok(())
    }

    fn decided(
        &self,
        problem: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        solution: &Solution,
    ) -> Result<Vec<DecidingVariable>, IndexError> {
        let variable = Variable::Single(scoped.package);
        let Some(&ordinal) = solution.get(&variable) else { return Ok(Vec::new()) };
        let scope = problem.catalog.home_of(scoped.package, ordinal)?;
        Ok(vec![DecidingVariable { variable, scope, platform: None }])
    }
}
