//! Private packages: one version per semver-compatible bucket.
//!
//! A range that reaches into several buckets, such as `>=1, <3`, is decided by a variable of its own
//! ([`Variable::LarderRange`]), whose versions are the buckets' names: so it is the solver that chooses the bucket, and that
//! may choose another one.

use pubgrub::VersionSet;

use super::{DecidingVariable, ScopedNeed, VariableRules};
use crate::resolve::Solution;
use crate::resolve::demands::Demands;
use crate::resolve::index::IndexError;
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::problem::Problem;
use crate::resolve::variable::Variable;
use crate::resolve::version_rules::larder::buckets;

/// Which variables decide about private packages.
pub(super) struct Larder;

impl VariableRules for Larder {
    fn demand(
        &self,
        problem: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        set: OrdinalSet,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        let (catalog, package) = (problem.catalog, scoped.package);
        match &buckets(&*catalog.table(package)?, &set)[..] {
            [(bucket, versions)] => demands.push(Variable::Larder(package, *bucket), versions.clone()),
            several => {
                let names = several.iter().map(|(name, _)| OrdinalSet::singleton(*name));
                let names = names.fold(OrdinalSet::empty(), |all, name| all.union(&name));
                demands.push(Variable::LarderRange(package, catalog.interned.range(&set)), names);
            }
        }
        Ok(())
    }

    fn decided(
        &self,
        problem: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        solution: &Solution,
    ) -> Result<Vec<DecidingVariable>, IndexError> {
        let (catalog, package) = (problem.catalog, scoped.package);
        let set = catalog.set_for(&scoped.need.requirement, package)?;
        let bucket = match buckets(&*catalog.table(package)?, &set)[..] {
            [(bucket, _)] => Some(bucket),
            _ => solution.get(&Variable::LarderRange(package, catalog.interned.range(&set))).copied(),
        };
        let decided = |bucket| DecidingVariable {
            variable: Variable::Larder(package, bucket),
            scope: catalog.home(),
            platform: None,
        };
        Ok(bucket.map(decided).into_iter().collect())
    }
}
