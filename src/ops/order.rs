//! The private packages of a repository in the order of their dependencies: `larder order`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::packages::{Discovered, Repository};
use super::{Context, Project, Result};
use crate::diagnostic::{Exit, Failure};
use crate::model::folder_text;
use crate::registry::path::{PathKind, PathPackage};
use crate::resolve::Wants;

/// `larder order --json`: see `schema/order.json`.
#[derive(Debug, Serialize)]
pub struct Ordered {
    /// The packages, in order.
    pub order: Vec<OrderedPackage>,
}

/// A package of the repository.
#[derive(Debug, Serialize)]
pub struct OrderedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its folder, relative to the root; `.` is the root.
    pub folder: String,
    /// Its category.
    pub category: Option<String>,
}

/// Which packages come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageOrder {
    /// Those that depend on nothing: the order in which to build and to publish.
    DependenciesFirst,
    /// Those on which nothing depends: the order in which to remove.
    DependentsFirst,
}

/// Orders the packages of the repository around the folder that larder was started in. Among those whose dependencies are all
/// there, the manifest's `order` of categories decides, then the name.
pub fn order(context: &Context<'_>, direction: PackageOrder) -> Result<Ordered> {
    let repository = Repository::of(context)?;
    if let Some((_, error)) = repository.unreadable.first() {
        return Err(error.clone());
    }
    let needs: Vec<&BTreeSet<usize>> = repository.packages.iter().map(|package| &package.needs).collect();
    let ranks: Vec<usize> = repository.packages.iter().map(|package| rank(&repository, package)).collect();
    let mut places = match sorted(&needs, &ranks) {
        Ok(places) => places,
        Err(cycle) => return Err(Cycle::of(cycle.iter().map(|at| repository.packages[*at].name())).into()),
    };
    if direction == PackageOrder::DependentsFirst {
        places.reverse();
    }
    let ordered = |at: usize| {
        let Discovered { folder, own, .. } = &repository.packages[at];
        OrderedPackage {
            name: own.package.name.value.to_string(),
            version: own.package.version.value.to_string(),
            folder: folder_text(folder).to_owned(),
            category: own.package.category.as_ref().map(|category| category.value.to_string()),
        }
    };
    Ok(Ordered { order: places.into_iter().map(ordered).collect() })
}

/// Makes sure that no private packages of a project depend on each other: none of them could be published first.
pub(super) fn refuse_cycles(project: &Project) -> Result<()> {
    let is_private = |(_, package): &(&Arc<str>, &PathPackage)| package.kind == PathKind::LarderKdl;
    let private: Vec<(&Arc<str>, &PathPackage)> = project.path_packages.iter().filter(is_private).collect();
    let places: BTreeMap<&Arc<str>, usize> =
        private.iter().zip(0..).map(|((folder, _), place)| (*folder, place)).collect();
    let needed = |package: &PathPackage| -> BTreeSet<usize> {
        let wanted = package.dependencies.iter().filter_map(|dependency| match &dependency.wants {
            Wants::Requirement(requirement) => requirement.folder(),
            Wants::Source { .. } | Wants::Unsupported { .. } => None,
        });
        wanted.filter_map(|folder| places.get(folder).copied()).collect()
    };
    let needs: Vec<BTreeSet<usize>> = private.iter().map(|(_, package)| needed(package)).collect();
    match sorted(&needs.iter().collect::<Vec<_>>(), &vec![0; needs.len()]) {
        Ok(_) => Ok(()),
        Err(cycle) => Err(Cycle::of(cycle.iter().map(|at| &private[*at].1.name)).into()),
    }
}

/// Returns the place of a package's category in the manifest's `order`; those that it does not name come last.
fn rank(repository: &Repository, package: &Discovered) -> usize {
    let category = package.own.package.category.as_ref();
    let place = repository.order.iter().position(|known| category.is_some_and(|own| own.value == known.value));
    place.unwrap_or(repository.order.len())
}

/// Sorts places so that each comes after those that it needs; of those that may come next, the one with the least rank, then
/// the first.
///
/// # Errors
/// A cycle: places each of which needs the next, and whose last is the first.
fn sorted(needs: &[&BTreeSet<usize>], ranks: &[usize]) -> std::result::Result<Vec<usize>, Vec<usize>> {
    let mut left: BTreeSet<(usize, usize)> = ranks.iter().copied().zip(0..).collect();
    let mut done = vec![false; needs.len()];
    let mut order = Vec::with_capacity(needs.len());
    while !left.is_empty() {
        let is_ready = |(_, at): &&(usize, usize)| needs[*at].iter().all(|need| done[*need]);
        let Some(next) = left.iter().find(is_ready).copied() else {
            return Err(cycle(needs, &left.iter().map(|(_, at)| *at).collect()));
        };
        left.remove(&next);
        done[next.1] = true;
        order.push(next.1);
    }
    Ok(order)
}

/// Returns a cycle among places of which each needs another: it begins and ends with the first of them.
fn cycle(needs: &[&BTreeSet<usize>], among: &BTreeSet<usize>) -> Vec<usize> {
    let mut path: Vec<usize> = among.iter().take(1).copied().collect();
    while let Some(next) = path.last().and_then(|last| needs[*last].iter().find(|need| among.contains(need)).copied()) {
        if let Some(start) = path.iter().position(|at| *at == next) {
            let mut found = path.split_off(start);
            let first = (0..found.len()).min_by_key(|at| found[*at]).unwrap_or(0);
            found.rotate_left(first);
            found.push(found[0]);
            return found;
        }
        path.push(next);
    }
    path
}

/// Packages that depend on each other.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("packages depend on each other: {names}")]
#[diagnostic(
    code(larder::package::cycle),
    help("take one of these dependencies away, or move what both need into a package of its own")
)]
struct Cycle {
    names: String,
}

impl Cycle {
    fn of<N: ToString>(names: impl Iterator<Item = N>) -> Self {
        Self { names: names.map(|name| name.to_string()).collect::<Vec<_>>().join(" -> ") }
    }
}

impl Failure for Cycle {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order_of(needs: &[&[usize]], ranks: &[usize]) -> std::result::Result<Vec<usize>, Vec<usize>> {
        let needs: Vec<BTreeSet<usize>> = needs.iter().map(|needs| needs.iter().copied().collect()).collect();
        sorted(&needs.iter().collect::<Vec<_>>(), ranks)
    }

    #[test]
    fn dependencies_come_first_then_categories_then_names() {
        assert_eq!(order_of(&[&[2], &[], &[]], &[0, 0, 0]), Ok(vec![1, 2, 0]));
        assert_eq!(order_of(&[&[], &[], &[]], &[2, 1, 0]), Ok(vec![2, 1, 0]));
        assert_eq!(order_of(&[&[1], &[], &[]], &[0, 9, 1]), Ok(vec![2, 1, 0]), "a dependency is not overtaken");
        assert_eq!(order_of(&[], &[]), Ok(Vec::new()));
    }

    #[test]
    fn a_cycle_is_told_from_its_first_package_on() {
        assert_eq!(order_of(&[&[1], &[2], &[3], &[1]], &[0; 4]), Err(vec![1, 2, 3, 1]));
        assert_eq!(order_of(&[&[0]], &[0]), Err(vec![0, 0]));
    }
}
