//! Private packages: Cargo's caret rules, one version per semver-compatible bucket.

use crate::model::{SemverRange, Version};

use super::catalog::Loaded;
use super::index::Versions;
use super::set::Set;

/// Returns the versions that a range stands for.
pub(super) fn admitted(range: &SemverRange, versions: &Versions) -> Set {
    let candidates = &versions.candidates;
    Set::filter(0..candidates.len() as u32, |place| match &candidates[place as usize].version {
        Version::Semver(version) => range.matches(version),
        _ => false,
    })
}

/// Picks a version: a locked one, the highest that is no pre-release, the highest.
pub(super) fn pick(loaded: &Loaded, range: &Set) -> Option<u32> {
    let is_final = |place: &u32| !loaded.candidate(*place).version.is_prerelease();
    loaded.locked_in(range).or_else(|| range.descending().find(is_final)).or_else(|| range.descending().next())
}

/// Returns the bucket in which a range is decided, by its first version: that of the version which would be picked;
/// the lowest where there is none.
pub(super) fn bucket(loaded: &Loaded, range: &Set) -> u32 {
    let Some(picked) = pick(loaded, range) else { return 0 };
    let kind = |place: u32| match &loaded.candidate(place).version {
        Version::Semver(version) if version.major > 0 => (version.major, 0, 0),
        Version::Semver(version) if version.minor > 0 => (0, version.minor, 0),
        Version::Semver(version) => (0, 0, version.patch),
        _ => (0, 0, 0),
    };
    (0..picked).rev().take_while(|&place| kind(place) == kind(picked)).last().unwrap_or(picked)
}

/// Returns the versions of a range that lie in a bucket.
pub(super) fn within(loaded: &Loaded, range: &Set, first: u32) -> Set {
    Set::filter(0..loaded.count(), |place| {
        use pubgrub::VersionSet;
        range.contains(&place) && bucket(loaded, &Set::singleton(place)) == first
    })
}
