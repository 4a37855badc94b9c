//! Python: which version of several is taken.

use crate::model::{PackageId, Prereleases, PythonVersion, Requirement, Settings, Version};

use super::VersionRules;
use super::admission::{Admission, python_fits};
use crate::resolve::index::{Candidate, Versions};
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::requirements::Requirements;
use crate::resolve::version_table::VersionTable;

/// How versions of Python packages are chosen.
pub(in crate::resolve) struct PypiVersions;

impl VersionRules for PypiVersions {
    fn admission(&self, requirements: &Requirements, package: &PackageId) -> Option<Admission> {
        Some(Admission::new(requirements, package))
    }

    fn pin_of_yanked(&self, version: &Version) -> Option<String> {
        Some(format!("=={version}"))
    }

    fn likely(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32> {
        let python = settings.python.as_ref().map(PythonVersion::full);
        let candidates = &versions.candidates;
        let limits = settings.time_limits(&requirement.package());
        let fits = |place: &u32| {
            let candidate = &candidates[*place as usize];
            let runs = match (&candidate.requires_python, &python) {
                (Some(admits), Some(python)) => python_fits(python, admits),
                _ => true,
            };
            let has_wheel = || settings.platforms.iter().any(|target| candidate.wheels.contains(target.platform));
            candidate.is_in_time(&limits)
                && !candidate.yanked
                && runs
                && (candidate.is_source_only() || has_wheel())
                && requirement.matches(&candidate.version)
        };
        let as_final = settings.prereleases == Prereleases::Allow;
        choice(candidates, as_final, (0..candidates.len() as u32).rev().filter(fits))
    }
}

/// Picks a version: a locked one, one that is decided for another platform, the highest final one, the highest pre-release.
/// One that has to be built is picked only where there is no other.
///
/// This is all there is to pre-releases, whoever asks: the manifest's lines and packages alike. Unless `prereleases` says
/// "allow", for the project or on the package's line, or "never", a pre-release is taken where no final version is left that
/// satisfies everything asked so far. A specifier that names one, as `>=2.0rc1`, `<=1.0a1` or `==2.0rc1`, admits it like any
/// other version, and makes no final one that fits give way.
pub(in crate::resolve) fn pick(table: &VersionTable, range: &OrdinalSet, elsewhere: Option<u32>) -> Option<u32> {
    let own = || choice(&table.versions.candidates, table.prereleases, range.descending());
    table.locked_in(range).or(elsewhere).or_else(own)
}

/// Returns the highest final version that need not be built, else the highest that need not be, else the same of those that
/// have to be built. Where pre-releases count as final, the highest is.
fn choice(candidates: &[Candidate], as_final: bool, descending: impl Iterator<Item = u32>) -> Option<u32> {
    let (mut built, mut final_source, mut source) = (None, None, None);
    for place in descending {
        let candidate = &candidates[place as usize];
        let is_final = as_final || !candidate.version.is_prerelease();
        match (candidate.is_source_only(), is_final) {
            (false, true) => return Some(place),
            (false, false) => drop(built.get_or_insert(place)),
            (true, true) => drop(final_source.get_or_insert(place)),
            (true, false) => drop(source.get_or_insert(place)),
        }
    }
    built.or(final_source).or(source)
}
