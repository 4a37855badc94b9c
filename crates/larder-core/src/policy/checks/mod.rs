//! The checks, one file each, all alike.

mod advisories;
mod age;
mod baselines;
mod claims;
mod denied;
mod deprecated;
mod duplicates;
mod engines;
mod extras;
mod health;
mod licenses;
mod local_packages;
mod metadata;
mod peers;
mod platforms;
mod provenance;
mod python;
mod ranges;
mod replaced;
mod scripts;
mod signatures;
mod sources;
mod unused;
mod yanked;

use crate::model::CheckName;

use super::Check;

/// All checks, in the order in which their findings are listed.
pub const CHECKS: [&dyn Check; 24] = [
    &advisories::AdvisoriesCheck,
    &licenses::LicensesCheck,
    &denied::DeniedCheck,
    &sources::SourcesCheck,
    &signatures::SignaturesCheck,
    &provenance::ProvenanceCheck,
    &metadata::MetadataCheck,
    &peers::PeersCheck,
    &engines::EnginesCheck,
    &python::PythonCheck,
    &platforms::PlatformsCheck,
    &extras::ExtrasCheck,
    &local_packages::LocalPackagesCheck,
    &baselines::BaselinesCheck,
    &age::AgeCheck,
    &yanked::YankedCheck,
    &ranges::RangesCheck,
    &duplicates::DuplicatesCheck,
    &unused::UnusedCheck,
    &health::HealthCheck,
    &claims::ClaimsCheck,
    &replaced::ReplacedCheck,
    &deprecated::DeprecatedCheck,
    &scripts::ScriptsCheck,
];

/// Returns the check with a name.
pub fn check_named(name: CheckName) -> Option<&'static dyn Check> {
    CHECKS.into_iter().find(|check| check.name() == name)
}

#[cfg(test)]
mod tests;
