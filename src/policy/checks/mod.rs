//! The checks, a file each, all alike.

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

use super::Check;

/// All checks, in the order in which their findings are told.
pub const CHECKS: [&dyn Check; 13] = [
    &metadata::Metadata,
    &peers::Peers,
    &engines::Engines,
    &python::Python,
    &platforms::Platforms,
    &extras::Extras,
    &local_packages::LocalPackages,
    &baselines::Baselines,
    &yanked::Yanked,
    &claims::Claims,
    &replaced::Replaced,
    &deprecated::Deprecated,
    &scripts::Scripts,
];

#[cfg(test)]
mod tests;
