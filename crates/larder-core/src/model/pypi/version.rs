//! The versions of Python packages: PEP 440.

/// Parses a version. The error is the parser's message.
pub(in crate::model) fn parse(text: &str) -> Result<pep440_rs::Version, String> {
    text.parse().map_err(|error: pep440_rs::VersionParseError| error.to_string())
}
