//! The contract of the ecosystems about versions: which ones a requirement stands for, which may be chosen, and which is
//! picked. All of it is known from a package's list of versions.

mod admission;
mod engines;
pub(super) mod larder;
pub(super) mod npm;
mod path;
pub(super) mod pypi;

use crate::model::{Ecosystem, PackageId, PerEcosystem, Requirement, Settings, TimeLimits, Version};

use super::index::{Candidate, Versions};
use super::ordinal_set::OrdinalSet;
use super::requirements::Requirements;
use super::version_table::VersionTable;

pub use engines::engine_admits;

pub(super) use admission::{Admission, python_fits, unfit};
pub(super) use engines::refused_engine;

/// How versions of an ecosystem's packages are chosen.
pub(super) trait VersionRules: Sync {
    /// Returns the versions that a requirement's range stands for, whether they may be chosen or not. Unless an ecosystem says
    /// otherwise, those are all that match.
    fn admitted(&self, requirement: &Requirement, versions: &Versions, _settings: &Settings) -> OrdinalSet {
        OrdinalSet::filter(0..versions.candidates.len() as u32, |place| {
            requirement.matches(&versions.candidates[place as usize].version)
        })
    }

    /// Returns what decides, besides their age, which versions of a package may be chosen at all. `None` if all may.
    fn admission(&self, _requirements: &Requirements, _package: &PackageId) -> Option<Admission> {
        None
    }

    /// Returns the range with which a yanked version can be chosen nonetheless. `None` if it can be kept, and not chosen.
    fn pin_of_yanked(&self, _version: &Version) -> Option<String> {
        None
    }

    /// Returns the version that its authors recommend, as the dist-tag `latest` does. `None` if there is no such thing.
    fn latest(&self, _versions: &Versions, _limits: &TimeLimits) -> Option<u32> {
        None
    }

    /// Returns the version that a requirement most likely gets: the pick of the solver where nothing but the requirement and the
    /// settings counts.
    fn likely(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32> {
        let limits = settings.time_limits(&requirement.package());
        let fits = |place: &u32| {
            let candidate = &versions.candidates[*place as usize];
            candidate.is_in_time(&limits) && requirement.matches(&candidate.version)
        };
        highest(&versions.candidates, (0..versions.candidates.len() as u32).rev().filter(fits))
    }

    /// Returns the version that is taken of a set, of private packages and those of which there is one version for all: a locked
    /// one, the highest that is no pre-release, the highest.
    fn pick(&self, table: &VersionTable, range: &OrdinalSet) -> Option<u32> {
        table.locked_in(range).or_else(|| highest(&table.versions.candidates, range.descending()))
    }
}

/// The rules where nothing but the order of versions counts: the highest version that is no pre-release, else the highest.
struct Highest;

impl VersionRules for Highest {}

/// Returns the highest version that is no pre-release, else the highest.
fn highest(candidates: &[Candidate], descending: impl Iterator<Item = u32>) -> Option<u32> {
    let mut highest = None;
    for place in descending {
        if !candidates[place as usize].version.is_prerelease() {
            return Some(place);
        }
        highest.get_or_insert(place);
    }
    highest
}

/// The rules of ecosystems in which more counts than the order of versions. Else they are those of [`Highest`].
const RULES: PerEcosystem<Option<&dyn VersionRules>> = PerEcosystem {
    npm: Some(&npm::NpmVersions),
    pypi: Some(&pypi::PypiVersions),
    larder: Some(&larder::LarderVersions),
    path: Some(&path::FolderVersions),
    archive: Some(&path::FolderVersions),
    ..PerEcosystem::NONE
};

/// Returns the rules of an ecosystem.
pub(super) fn of(ecosystem: Ecosystem) -> &'static dyn VersionRules {
    RULES.of(ecosystem).unwrap_or(&Highest)
}
