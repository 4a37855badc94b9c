//! What a registry of private packages states of a version, and a lock keeps.

use std::fmt;
use std::str::FromStr;

use super::{Algorithm, Digest, TreeDigest};

/// What a registry of private packages stated of a version when it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The digest of the package's files: its identity, however they are packed.
    pub tree: TreeDigest,
    /// The SHA-256 digest of everything that the publisher says of the version, which the package's own manifest has to say too.
    pub body: Digest,
    /// The history of the package at that time.
    pub history: IndexHistory,
    /// Whether a publisher signed the version. Whose signatures count, the manifest's `signer` lines say.
    pub is_signed: bool,
}

/// The first lines of a package's index file, which only grows: a newer one begins with the same bytes. Written
/// `17:sha256:HEX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexHistory {
    /// The number of lines; at least one.
    pub lines: u32,
    /// The SHA-256 digest of their bytes.
    pub digest: Digest,
}

/// A text that is not a history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a history: it is written `17:sha256:…`, with 64 hexadecimal digits")]
pub struct HistoryError(String);

impl FromStr for IndexHistory {
    type Err = HistoryError;

    fn from_str(text: &str) -> Result<Self, HistoryError> {
        let parse = || {
            let (lines, digest) = text.split_once(":sha256:")?;
            let is_canonical = !lines.starts_with(['0', '+']) && !digest.contains(|c: char| c.is_ascii_uppercase());
            let digest = Digest::from_hex(Algorithm::Sha256, digest).ok()?;
            is_canonical.then_some(Self { lines: lines.parse().ok()?, digest })
        };
        parse().ok_or_else(|| HistoryError(text.to_owned()))
    }
}

impl fmt::Display for IndexHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:sha256:{}", self.lines, self.digest.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_has_one_text() {
        let text = format!("17:sha256:{}", "ab".repeat(32));
        assert_eq!(text.parse::<IndexHistory>().unwrap().to_string(), text);
        for wrong in [
            format!("017:sha256:{}", "ab".repeat(32)),
            format!("0:sha256:{}", "ab".repeat(32)),
            format!("+1:sha256:{}", "ab".repeat(32)),
            format!("1:sha256:{}", "AB".repeat(32)),
            format!("1:sha512:{}", "ab".repeat(64)),
            format!("4294967296:sha256:{}", "ab".repeat(32)),
            "1:sha256:".to_owned(),
            String::new(),
        ] {
            assert!(wrong.parse::<IndexHistory>().is_err(), "{wrong}");
        }
    }
}
