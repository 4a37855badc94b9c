//! The versions of npm packages: SemVer 2, and the loose spellings that npm accepts.

use super::range::parse_npm_version;

/// Parses a version. The error is the parser's message.
pub(in crate::model) fn parse(text: &str) -> Result<deno_semver::Version, String> {
    parse_npm_version(text).ok_or_else(|| "it is not like `1.2.3` or `1.2.3-beta.1`".to_owned())
}
