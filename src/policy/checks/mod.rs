//! The checks, one file each, all alike.

mod age;
mod baselines;
mod claims;
mod deprecated;
mod engines;
mod extras;
mod local_packages;
mod metadata;
mod peers;
mod platforms;
mod python;
mod replaced;
mod scripts;
mod yanked;

use crate::model::CheckName;

use super::Check;

/// All checks, in the order in which their findings are listed.
pub const CHECKS: [&dyn Check; 14] = [
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
