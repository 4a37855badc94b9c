//! The versions of local folders: the grammar of private packages.

pub(in crate::model) use crate::model::larder::version::parse;

/// Returns the version of a folder that a build makes, while there is no package in it.
pub fn unbuilt_version() -> semver::Version {
    let pre = semver::Prerelease::new("unbuilt").unwrap_or_default();
    semver::Version { pre, ..semver::Version::new(0, 0, 0) }
}
