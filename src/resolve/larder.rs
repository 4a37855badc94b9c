//! Private packages: Cargo's caret rules, one version per semver-compatible bucket.
//!
//! A bucket is named by its first ordinal. A range that reaches into several, such as `>=1, <3`, is decided by a variable
//! of its own ([`Variable::LarderRange`](super::variable::Variable::LarderRange)), whose versions are the buckets' names:
//! so it is the solver that chooses the bucket, and that may choose another one.

use pubgrub::VersionSet;

use crate::model::{Requirement, Settings};

use super::Solution;
use super::catalog::Loaded;
use super::index::{Candidate, IndexError, Versions};
use super::problem::{Demands, Problem};
use super::rules::{Asked, Decided, Rules};
use super::set::Set;
use super::variable::Variable;

/// The rules of private packages.
pub(super) struct Larder;

impl Rules for Larder {
    fn likely(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32> {
        let candidates = &versions.candidates;
        let fits = |place: &u32| {
            let candidate = &candidates[*place as usize];
            candidate.is_before(settings.released_before) && requirement.matches(&candidate.version)
        };
        choice(candidates, (0..candidates.len() as u32).rev().filter(fits))
    }

    fn demand(
        &self,
        problem: &Problem<'_>,
        asked: &Asked<'_>,
        set: Set,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        let (catalog, package) = (problem.catalog, asked.package);
        match &buckets(&*catalog.loaded(package)?, &set)[..] {
            [(bucket, versions)] => demands.push(Variable::Larder(package, *bucket), versions.clone()),
            several => {
                let names = several.iter().map(|(name, _)| Set::singleton(*name));
                let names = names.fold(Set::empty(), |all, name| all.union(&name));
                demands.push(Variable::LarderRange(package, catalog.range(&set)), names);
            }
        }
        Ok(())
    }

    fn decided(
        &self,
        problem: &Problem<'_>,
        asked: &Asked<'_>,
        solution: &Solution,
    ) -> Result<Vec<Decided>, IndexError> {
        let (catalog, package) = (problem.catalog, asked.package);
        let set = catalog.set_for(&asked.need.requirement, package)?;
        let bucket = match buckets(&*catalog.loaded(package)?, &set)[..] {
            [(bucket, _)] => Some(bucket),
            _ => solution.get(&Variable::LarderRange(package, catalog.range(&set))).copied(),
        };
        let decided = |bucket| Decided { variable: Variable::Larder(package, bucket), scope: catalog.home(), on: None };
        Ok(bucket.map(decided).into_iter().collect())
    }
}

/// Picks a version: a locked one, the highest that is no pre-release, the highest.
pub(super) fn pick(loaded: &Loaded, range: &Set) -> Option<u32> {
    loaded.locked_in(range).or_else(|| choice(&loaded.versions.candidates, range.descending()))
}

/// Returns the highest version that is no pre-release, else the highest.
fn choice(candidates: &[Candidate], descending: impl Iterator<Item = u32>) -> Option<u32> {
    let mut highest = None;
    for place in descending {
        if !candidates[place as usize].version.is_prerelease() {
            return Some(place);
        }
        highest.get_or_insert(place);
    }
    highest
}

/// Splits a range into its buckets: the name of each, and its versions of the range. A range without versions is in the
/// first bucket, so that there is a variable which cannot be decided.
pub(super) fn buckets(loaded: &Loaded, range: &Set) -> Vec<(u32, Set)> {
    let starts: Vec<u32> = (0..loaded.count())
        .filter(|&place| place == 0 || compatible_with(loaded, place) != compatible_with(loaded, place - 1))
        .collect();
    let ends = starts.iter().copied().skip(1).chain([loaded.count()]);
    let found: Vec<(u32, Set)> = std::iter::zip(starts.iter().copied(), ends)
        .map(|(start, end)| (start, Set::between(start, end).intersection(range)))
        .filter(|(_, versions)| !versions.is_empty())
        .collect();
    if found.is_empty() { vec![(0, Set::empty())] } else { found }
}

/// Picks one of the buckets of a range: that of the version which would be picked of them all.
pub(super) fn pick_bucket(loaded: &Loaded, range: &Set, names: &Set) -> Option<u32> {
    let open: Vec<(u32, Set)> = buckets(loaded, range).into_iter().filter(|(name, _)| names.contains(name)).collect();
    let versions = open.iter().fold(Set::empty(), |all, (_, versions)| all.union(versions));
    let picked = pick(loaded, &versions)?;
    open.into_iter().find(|(_, versions)| versions.contains(&picked)).map(|(name, _)| name)
}

/// Returns what the versions of a bucket share: the parts up to the first that is not zero.
fn compatible_with(loaded: &Loaded, place: u32) -> (u64, u64, u64) {
    match loaded.candidate(place).version.as_semver() {
        Some(version) if version.major > 0 => (version.major, 0, 0),
        Some(version) if version.minor > 0 => (0, version.minor, 0),
        Some(version) => (0, 0, version.patch),
        None => (0, 0, 0),
    }
}
