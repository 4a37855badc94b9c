//! Which cached answers an outcome rests on. A registry is asked again before an error says that it has no such version, tag
//! or package.

use std::collections::BTreeSet;

use pubgrub::External;

use crate::model::PackageId;

use super::Solution;
use super::catalog::Catalog;
use super::derivation::{Derivation, facts};
use super::index::{DependencyKind, IndexError};
use super::release::NeedOrigin;
use super::variable::{PackageIx, Variable};

/// Returns the packages of which a solution would look otherwise if a cache knew too few of their versions: a version was passed
/// over for want of them, or an optional dependency was left out.
pub(super) fn of_solution(catalog: &Catalog, solution: &Solution) -> Result<Vec<PackageId>, IndexError> {
    let unmatched = catalog.unmatched.borrow().clone();
    if unmatched.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = BTreeSet::new();
    for line in catalog.lines.iter().filter_map(|line| line.need.as_ref()) {
        for (package, _) in catalog.parts(line.package) {
            if unmatched.contains(&package) && catalog.set_for(&line.requirement, package)?.is_empty() {
                found.insert(package);
            }
        }
    }
    let chosen = |package: PackageIx| {
        let of_package = move |(variable, _): &(&Variable, &u32)| variable.package() == Some(package);
        solution.iter().filter(of_package).map(|(_, ordinal)| *ordinal)
    };
    for ((package, ordinal), prepared) in catalog.looked_at() {
        for need in &prepared.needs {
            let counts = match need.kind {
                DependencyKind::Normal => {
                    need.origin == NeedOrigin::Declared && chosen(package).any(|chosen| chosen < ordinal)
                }
                DependencyKind::Optional => chosen(package).any(|chosen| chosen == ordinal),
                DependencyKind::Peer | DependencyKind::OptionalPeer => false,
            };
            for (package, _) in catalog.parts(need.package).filter(|_| counts) {
                if unmatched.contains(&package) && catalog.set_for(&need.requirement, package)?.is_empty() {
                    found.insert(package);
                }
            }
        }
    }
    Ok(names(catalog, found))
}

/// Returns the packages that a contradiction is about.
pub(super) fn of_contradiction(catalog: &Catalog, tree: &Derivation) -> Vec<PackageId> {
    let mut packages = catalog.unmatched.borrow().clone();
    for fact in facts(tree) {
        let variables = match fact {
            External::NotRoot(one, _) | External::NoVersions(one, _) | External::Custom(one, ..) => [Some(one), None],
            External::FromDependencyOf(from, _, to, _) => [Some(from), Some(to)],
        };
        packages.extend(variables.into_iter().flatten().filter_map(|variable| variable.package()));
    }
    names(catalog, packages)
}

fn names(catalog: &Catalog, packages: BTreeSet<PackageIx>) -> Vec<PackageId> {
    let mut names: Vec<PackageId> = packages.into_iter().map(|package| catalog.interned.id(package)).collect();
    names.sort();
    names
}
