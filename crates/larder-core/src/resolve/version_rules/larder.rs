//! Private packages: Cargo's caret rules, one version per semver-compatible bucket. A bucket is named by its first ordinal.

use pubgrub::VersionSet;

use crate::model::{ExtraName, PackageId, Requirement, Settings, Version};

use super::admission::Admission;
use super::{VersionRules, highest};
use crate::resolve::index::{Candidate, Versions};
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::requirements::Requirements;
use crate::resolve::version_table::VersionTable;

/// How versions of private packages are chosen.
pub(in crate::resolve) struct LarderVersions;

impl VersionRules for LarderVersions {
    fn admitted(&self, requirement: &Requirement, versions: &Versions, _: &Settings) -> OrdinalSet {
        OrdinalSet::filter(0..versions.candidates.len() as u32, |place| {
            let candidate = &versions.candidates[place as usize];
            requirement.matches(&candidate.version) && lacking(requirement, candidate).is_none()
        })
    }

    /// A yanked version is chosen only where it is locked already.
    fn admission(&self, _: &Requirements, _: &PackageId) -> Option<Admission> {
        Some(Admission::of_not_yanked())
    }

    fn likely(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32> {
        let candidates = &versions.candidates;
        let limits = settings.time_limits(&requirement.package());
        let fits = |place: &u32| {
            let candidate = &candidates[*place as usize];
            candidate.is_in_time(&limits)
                && !candidate.yanked
                && requirement.matches(&candidate.version)
                && lacking(requirement, candidate).is_none()
        };
        highest(candidates, (0..candidates.len() as u32).rev().filter(fits))
    }
}

/// Why a version whose number a requirement admits is none that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::resolve) enum Lacking {
    /// It does not declare this feature.
    Feature(ExtraName),
    /// Its status is `beta`, and the requirement does not take such versions.
    Beta,
}

/// Returns why a version, whose number a requirement admits, is none that it asks for. The default feature is there even where
/// it is not declared: it has nothing in it then.
pub(in crate::resolve) fn lacking(requirement: &Requirement, candidate: &Candidate) -> Option<Lacking> {
    let declared = candidate.private.as_deref().map_or(&[][..], |private| &private.features);
    let default = ExtraName::default_feature();
    let missing = requirement.extras().iter().find(|feature| **feature != default && !declared.contains(feature));
    let beta = (candidate.is_beta() && !requirement.takes_beta()).then_some(Lacking::Beta);
    beta.or_else(|| missing.map(|feature| Lacking::Feature(feature.clone())))
}

/// Splits a range into its buckets: the name of each, and its versions of the range. A range without versions is in the
/// first bucket, so that there is a variable which cannot be decided.
pub(in crate::resolve) fn buckets(table: &VersionTable, range: &OrdinalSet) -> Vec<(u32, OrdinalSet)> {
    let starts = table.bucket_starts(|one, other| compatible_part(one) == compatible_part(other));
    let ends = starts.iter().copied().skip(1).chain([table.count()]);
    let found: Vec<(u32, OrdinalSet)> = std::iter::zip(starts.iter().copied(), ends)
        .map(|(start, end)| (start, OrdinalSet::between(start, end).intersection(range)))
        .filter(|(_, versions)| !versions.is_empty())
        .collect();
    if found.is_empty() { vec![(0, OrdinalSet::empty())] } else { found }
}

/// Picks one of the buckets of a range: that of the version which would be picked of them all.
pub(in crate::resolve) fn pick_bucket(table: &VersionTable, range: &OrdinalSet, names: &OrdinalSet) -> Option<u32> {
    let open: Vec<(u32, OrdinalSet)> =
        buckets(table, range).into_iter().filter(|(name, _)| names.contains(name)).collect();
    let versions = open.iter().fold(OrdinalSet::empty(), |all, (_, versions)| all.union(versions));
    let picked = LarderVersions.pick(table, &versions)?;
    open.into_iter().find(|(_, versions)| versions.contains(&picked)).map(|(name, _)| name)
}

/// Returns the part that the versions of a bucket share: the numbers up to the first that is not zero.
fn compatible_part(version: &Version) -> (u64, u64, u64) {
    match version.as_semver() {
        Some(version) if version.major > 0 => (version.major, 0, 0),
        Some(version) if version.minor > 0 => (0, version.minor, 0),
        Some(version) => (0, 0, version.patch),
        None => (0, 0, 0),
    }
}
