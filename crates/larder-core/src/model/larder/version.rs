//! The versions of private packages: SemVer 2 as Cargo reads it.

/// The most characters of a version: it is a part of file names.
const LONGEST: usize = 100;

/// Parses a version.
///
/// # Errors
/// The reason, as the parser says it.
pub(in crate::model) fn parse(text: &str) -> Result<semver::Version, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} characters"));
    }
    text.parse().map_err(|error: semver::Error| error.to_string())
}
