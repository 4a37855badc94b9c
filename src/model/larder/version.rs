//! The versions of private packages: SemVer 2 as Cargo reads it.

use crate::model::Version;

/// Parses a version.
pub(in crate::model) fn parse(text: &str) -> Result<Version, String> {
    text.parse().map(semver::Version::into).map_err(|e: semver::Error| e.to_string())
}
