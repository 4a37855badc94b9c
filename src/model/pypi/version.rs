//! Python's versions: PEP 440.

use crate::model::Version;

/// Parses a version.
pub(in crate::model) fn parse(text: &str) -> Result<Version, String> {
    text.parse().map(pep440_rs::Version::into).map_err(|e: pep440_rs::VersionParseError| e.to_string())
}
