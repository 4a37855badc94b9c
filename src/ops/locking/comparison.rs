//! How two locks differ.

use crate::difference::{self, Difference, PackageVersions, runtimes_of};
use crate::lock::Lockfile;

/// Compares the packages of two locks.
pub(in crate::ops) fn compare(old: &Lockfile, new: &Lockfile) -> Difference {
    let lines = old.graph.roots.iter().chain(&new.graph.roots);
    let direct = lines.flat_map(|root| &root.to).map(|edge| edge.to.package.id.clone()).collect();
    let difference = Difference { direct, ..Difference::between(&packages_of(old), &packages_of(new)) };
    let difference = difference.with_replaced(difference::replaced(old, new));
    difference.with_runtimes(&runtimes_of(&old.runtimes, None), &runtimes_of(&new.runtimes, None))
}

fn packages_of(lockfile: &Lockfile) -> PackageVersions {
    let mut packages = PackageVersions::new();
    for key in lockfile.graph.packages.keys() {
        packages.entry(key.id.clone()).or_default().push(key.version.clone());
    }
    packages
}
