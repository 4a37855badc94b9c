//! Private packages: Cargo's caret rules, one version per semver-compatible bucket.
//!
//! A bucket is named by its first ordinal. A range that reaches into several, such as `>=1, <3`, is decided by a variable
//! of its own ([`Variable::LarderRange`](super::variable::Variable::LarderRange)), whose versions are the buckets' names:
//! so it is the solver that chooses the bucket, and that may choose another one.

use pubgrub::VersionSet;

use crate::model::SemverRange;

use super::catalog::Loaded;
use super::index::Versions;
use super::set::Set;

/// Returns the versions that a range stands for.
pub(super) fn admitted(range: &SemverRange, versions: &Versions) -> Set {
    let candidates = &versions.candidates;
    Set::filter(0..candidates.len() as u32, |place| {
        candidates[place as usize].version.as_semver().is_some_and(|version| range.matches(version))
    })
}

/// Picks a version: a locked one, the highest that is no pre-release, the highest.
pub(super) fn pick(loaded: &Loaded, range: &Set) -> Option<u32> {
    let is_final = |place: &u32| !loaded.candidate(*place).version.is_prerelease();
    loaded.locked_in(range).or_else(|| range.descending().find(is_final)).or_else(|| range.descending().next())
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
