//! npm: a package is decided in each scope, under each name.

use super::{DecidingVariable, ScopedNeed, VariableRules};
use crate::resolve::Solution;
use crate::resolve::demands::Demands;
use crate::resolve::index::IndexError;
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::problem::Problem;
use crate::resolve::variable::Variable;

/// Which variables decide about npm packages.
pub(super) struct NpmVariables;

impl VariableRules for NpmVariables {
    fn demand(
        &self,
        _: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        set: OrdinalSet,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        demands.push(variable(scoped), set);
        Ok(())
    }

    fn decided(
        &self,
        _: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        _: &Solution,
    ) -> Result<Vec<DecidingVariable>, IndexError> {
        Ok(vec![DecidingVariable { variable: variable(scoped), scope: scoped.scope, platform: None }])
    }
}

/// A dependent's own choice, under the name by which it sees the package.
fn variable(scoped: &ScopedNeed<'_>) -> Variable {
    Variable::Nested { package: scoped.package, alias: scoped.need.alias, scope: scoped.scope }
}
