//! npm's versions: SemVer 2, and the loose spellings that npm takes.

use super::range::parse_npm_version;
use crate::model::Version;

/// Parses a version.
pub(in crate::model) fn parse(text: &str) -> Result<Version, String> {
    parse_npm_version(text).map(Version::from).ok_or_else(|| "it is not like `1.2.3` or `1.2.3-beta.1`".to_owned())
}
