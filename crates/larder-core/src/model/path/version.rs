//! The versions of local folders: those of private packages; a Python package's that is none of them, as PEP 440 has it.

use crate::model::{Version, larder, pypi};

/// Parses a version.
///
/// # Errors
/// The reason why it is no version of a private package.
pub(in crate::model) fn parse(text: &str) -> Result<Version, String> {
    let parsed = larder::version::parse(text).map(Version::from);
    parsed.or_else(|reason| pypi::version::parse(text).map(Version::from).map_err(|_| reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_survive_being_written() {
        for text in ["1.2.3", "1.2.3-rc.1+b", "2024.5.1.dev3", "1.2.3.4", "1.0rc1", "1!2.0", "1.0.post2", "1.2+cu121"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        for text in ["", "one", "1.2.3-é", "1..2"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
