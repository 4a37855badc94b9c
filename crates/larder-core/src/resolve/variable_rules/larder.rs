//! Private packages: one version per semver-compatible bucket.
//!
//! A range that reaches into several buckets, such as `>=1, <3`, is decided by a variable of its own
//! ([`Variable::BucketRange`]), whose versions are the buckets' names: so it is the solver that chooses the bucket, and that
//! may choose another one.
//!
//! Features are additive, as Cargo's are. Each one that is asked for is a variable ([`Variable::BucketFeature`]), whose version is
//! that of its package, and which demands what the feature adds.

use pubgrub::VersionSet;

use super::{DecidingVariable, ScopedNeed, VariableRules};
use crate::resolve::Solution;
use crate::resolve::catalog::Catalog;
use crate::resolve::demands::Demands;
use crate::resolve::index::IndexError;
use crate::resolve::interned::BucketRange;
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::problem::Problem;
use crate::resolve::variable::{ExtraIx, PackageIx, Variable};
use crate::resolve::version_rules::larder::buckets;

/// Which variables decide about private packages.
pub(super) struct LarderVariables;

impl VariableRules for LarderVariables {
    fn demand(
        &self,
        problem: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        set: OrdinalSet,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        let (catalog, package) = (problem.catalog, scoped.package);
        let features = features(catalog, scoped);
        match &buckets(&*catalog.table(package)?, &set)[..] {
            [only] => in_bucket(package, only, &features, demands),
            several => {
                let names = several.iter().map(|(name, _)| OrdinalSet::singleton(*name));
                let names = names.fold(OrdinalSet::empty(), |all, name| all.union(&name));
                let range = catalog.interned.bucket_range(BucketRange { versions: set, features });
                demands.push(Variable::BucketRange(package, range), names);
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
        let bucket = if let [(bucket, _)] = buckets(&*catalog.table(package)?, &set)[..] {
            Some(bucket)
        } else {
            let range = BucketRange { versions: set, features: features(catalog, scoped) };
            solution.get(&Variable::BucketRange(package, catalog.interned.bucket_range(range))).copied()
        };
        let decided = |bucket| DecidingVariable {
            variable: Variable::Bucket(package, bucket),
            scope: catalog.home(),
            platform: None,
        };
        Ok(bucket.map(decided).into_iter().collect())
    }
}

/// Returns the features that a need asks for.
fn features(catalog: &Catalog<'_>, scoped: &ScopedNeed<'_>) -> Vec<ExtraIx> {
    scoped.need.requirement.extras().iter().map(|feature| catalog.interned.extra(feature)).collect()
}

/// Demands versions of one bucket, and the same versions of the features.
pub(in crate::resolve) fn in_bucket(
    package: PackageIx,
    (bucket, versions): &(u32, OrdinalSet),
    features: &[ExtraIx],
    demands: &mut Demands,
) {
    demands.push(Variable::Bucket(package, *bucket), versions.clone());
    for &feature in features {
        demands.push(Variable::BucketFeature(package, *bucket, feature), versions.clone());
    }
}
