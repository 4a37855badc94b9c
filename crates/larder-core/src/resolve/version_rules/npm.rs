//! npm: which versions a range stands for, and which of several is taken.

use pubgrub::VersionSet;

use crate::model::{NpmRange, Requirement, Settings, TimeLimits};

use super::VersionRules;
use crate::resolve::index::{Candidate, Versions};
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::version_table::{VersionTable, recommended};

/// How versions of npm packages are chosen.
pub(in crate::resolve) struct NpmVersions;

impl VersionRules for NpmVersions {
    fn admitted(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> OrdinalSet {
        let range = requirement.npm_range();
        let limits = settings.time_limits(&requirement.package());
        range.map_or_else(OrdinalSet::empty, |range| admitted(range, versions, &limits))
    }

    fn latest(&self, versions: &Versions, limits: &TimeLimits) -> Option<u32> {
        tagged(versions, "latest", limits)
    }

    fn likely(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32> {
        let limits = &settings.time_limits(&requirement.package());
        if let Some(tag) = requirement.tag() {
            return tagged(versions, tag, limits);
        }
        let candidates = &versions.candidates;
        let fits = |place: &u32| {
            let candidate = &candidates[*place as usize];
            candidate.is_in_time(limits) && requirement.matches(&candidate.version)
        };
        let latest = tagged(versions, "latest", limits);
        let latest = latest.filter(|place| {
            fits(place) || requirement.accepts_any_version() && candidates[*place as usize].is_in_time(limits)
        });
        recommended(candidates, latest, (0..candidates.len() as u32).rev().filter(fits))
    }
}

/// Returns the versions that a range or dist-tag stands for. `*` takes `latest` even where it is a pre-release.
fn admitted(range: &NpmRange, versions: &Versions, limits: &TimeLimits) -> OrdinalSet {
    let tagged = |tag: &str| tagged(versions, tag, limits).map_or_else(OrdinalSet::empty, OrdinalSet::singleton);
    if let Some(tag) = range.tag() {
        return tagged(tag);
    }
    let version = |place: u32| versions.candidates[place as usize].version.as_npm();
    let matching = range.alternatives().iter().fold(OrdinalSet::empty(), |matching, alternative| {
        let bounds = alternative.bounds(versions.candidates.len() as u32, version);
        matching.union(&OrdinalSet::filter(bounds, |place| {
            version(place).is_some_and(|version| alternative.admits_kind_of(version))
        }))
    });
    if matches!(range.as_str().trim(), "" | "*") { matching.union(&tagged("latest")) } else { matching }
}

/// Returns the version that a dist-tag stands for. Under `released-before` or `age` it is the newest that is old enough, at or below the
/// tagged one; a tag of a final version stands for final versions first. Where nothing is old enough, it is the tagged one.
fn tagged(versions: &Versions, tag: &str, limits: &TimeLimits) -> Option<u32> {
    let tagged = *versions.tags.get(tag)?;
    let candidate = versions.candidates.get(tagged as usize)?;
    if candidate.is_in_time(limits) {
        return Some(tagged);
    }
    let below = || {
        let numbered = (0..tagged).rev().zip(versions.candidates[..tagged as usize].iter().rev());
        numbered.filter(|(_, other)| other.is_in_time(limits))
    };
    let is_alike = |other: &Candidate| candidate.version.is_prerelease() || !other.version.is_prerelease();
    let found = below().find(|(_, other)| is_alike(other) && !other.deprecated);
    let found = found.or_else(|| below().find(|(_, other)| is_alike(other))).or_else(|| below().next());
    Some(found.map_or(tagged, |(place, _)| place))
}

/// Picks a version: a locked one, one that was chosen elsewhere, npm's own choice.
pub(in crate::resolve) fn pick(table: &VersionTable, range: &OrdinalSet, elsewhere: Option<u32>) -> Option<u32> {
    table.locked_in(range).or(elsewhere).or_else(|| table.preferred(range))
}
