//! Versions that every solution has one of, as far as what leads to them shows it: nothing is solved.

use std::collections::BTreeSet;

use pubgrub::VersionSet;
use rustc_hash::FxHashMap;

use crate::model::{PackageId, Requirement, Version};

use super::bounded_index::BoundedIndex;
use super::catalog::Catalog;
use super::index::{DependencyKind, Index, IndexError, PlatformSet};
use super::ordinal_set::OrdinalSet;
use super::release::{Need, NeedOrigin};
use super::requirements::Requirements;
use super::variable::PackageIx;

/// The most questions that the index is asked for all packages together.
const MOST_QUESTIONS: usize = 1 << 14;

/// The most versions whose dependencies are looked at for one package.
const MOST_RELEASES: usize = 256;

/// Versions of a package that are not to be chosen.
#[derive(Clone, Debug)]
pub struct Unwanted {
    /// The package.
    pub package: PackageId,
    /// The versions.
    pub versions: BTreeSet<Version>,
    /// The packages through which lines lead to it. Whatever else a solution may have is taken to do without it.
    pub dependents: BTreeSet<PackageId>,
}

/// What was found of unwanted versions.
#[derive(Clone, Debug, Default)]
pub struct Unavoidable {
    /// Whether every solution has one of the versions, in the order in which they were given. `false` proves nothing.
    pub found: Vec<bool>,
    /// The requirements that leave no other version, of packages whose versions a cache told.
    pub from_cache: Vec<Requirement>,
}

/// Looks which of these versions no solution can do without.
pub fn unavoidable(requirements: &Requirements, index: &dyn Index, unwanted: &[Unwanted]) -> Unavoidable {
    let index = BoundedIndex::new(index, MOST_QUESTIONS);
    let catalog = Catalog::new(requirements, &index);
    let mut all = Unavoidable::default();
    for unwanted in unwanted {
        let mut search = Search {
            catalog: &catalog,
            unwanted,
            known: FxHashMap::default(),
            from_cache: Vec::new(),
            left: MOST_RELEASES,
        };
        // What a registry cannot answer now proves nothing.
        let is_unavoidable = search.has_hopeless_line().unwrap_or_default();
        if is_unavoidable {
            all.from_cache.append(&mut search.from_cache);
        }
        all.found.push(is_unavoidable);
    }
    all
}

/// The search for a line that has no solution without one of the versions.
struct Search<'a> {
    catalog: &'a Catalog<'a>,
    unwanted: &'a Unwanted,
    /// The versions that were looked at, with the platforms on which they were wanted, and whether they are hopeless.
    known: FxHashMap<(PackageIx, u32, PlatformSet), bool>,
    from_cache: Vec<Requirement>,
    /// How many more versions are looked at.
    left: usize,
}

impl Search<'_> {
    fn has_hopeless_line(&mut self) -> Result<bool, IndexError> {
        let catalog = self.catalog;
        for line in catalog.lines.iter().filter(|line| !line.optional && line.holds(&catalog.platforms)) {
            let Some(need) = &line.need else { continue };
            if self.is_unmet(need, line.platforms)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns whether no version meets a need on the platforms `on`.
    fn is_unmet(&mut self, need: &Need, on: PlatformSet) -> Result<bool, IndexError> {
        if need.kind != DependencyKind::Normal || need.origin != NeedOrigin::Declared {
            return Ok(false);
        }
        let on = self.catalog.need_holds_on(need, &[]).intersection(on);
        let parts: Vec<_> = self.catalog.parts(need.package).collect();
        for (package, of_part) in parts {
            let on = on.intersection(of_part);
            if on != PlatformSet::NONE && self.is_without(need, package, on)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns whether all versions of `package` that meet a need are hopeless.
    fn is_without(&mut self, need: &Need, package: PackageIx, on: PlatformSet) -> Result<bool, IndexError> {
        let id = self.catalog.interned.id(package);
        if id != self.unwanted.package && !self.unwanted.dependents.contains(&id) {
            return Ok(false);
        }
        let table = self.catalog.table(package)?;
        let mut set = self.catalog.set_for(&need.requirement, package)?;
        if need.requirement.tag().is_some() || need.requirement.keeps_any_version() {
            // What is locked may stay though it is not what is asked for.
            let locked = table.locked.iter().map(|&ordinal| OrdinalSet::singleton(ordinal));
            set = locked.fold(set, |set, one| set.union(&one.intersection(&table.usable)));
        }
        for ordinal in set.descending() {
            if !self.is_hopeless(package, ordinal, on)? {
                return Ok(false);
            }
        }
        if table.versions.cached {
            self.from_cache.push(need.requirement.clone());
        }
        Ok(true)
    }

    /// Returns whether a version is unwanted, or needs something that is met by nothing else.
    fn is_hopeless(&mut self, package: PackageIx, ordinal: u32, on: PlatformSet) -> Result<bool, IndexError> {
        let catalog = self.catalog;
        if catalog.interned.id(package) == self.unwanted.package {
            let table = catalog.table(package)?;
            if self.unwanted.versions.contains(&table.candidate(ordinal).version) {
                return Ok(true);
            }
        }
        if let Some(&known) = self.known.get(&(package, ordinal, on)) {
            return Ok(known);
        }
        let Some(left) = self.left.checked_sub(1) else { return Ok(false) };
        self.left = left;
        // A cycle proves nothing.
        self.known.insert((package, ordinal, on), false);
        for need in &catalog.prepared(package, ordinal)?.needs {
            if self.is_unmet(need, on)? {
                self.known.insert((package, ordinal, on), true);
                return Ok(true);
            }
        }
        Ok(false)
    }
}
