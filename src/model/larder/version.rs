//! The versions of private packages: SemVer 2 as Cargo reads it.

/// Parses a version. The error is the parser's message.
pub(in crate::model) fn parse(text: &str) -> Result<semver::Version, String> {
    text.parse().map_err(|error: semver::Error| error.to_string())
}
