//! What attestations of a package come to.

use std::fmt;

use super::{AttestationFault, AttestationVerifier};
use crate::model::{BuildIdentity, Digest};

/// What the attestations of a package come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvenanceVerdict {
    /// Somebody vouches for who built it.
    Built(BuildIdentity),
    /// Nobody does.
    Unattested,
    /// There are attestations, and none of them counts.
    Faulty(String),
    /// Its files were built by several.
    Several,
}

impl AttestationVerifier {
    /// Judges the bundles that a registry keeps of a file with a digest. One that counts is enough.
    pub fn judge(&self, bundles: &[String], digest: &Digest) -> ProvenanceVerdict {
        let mut fault: Option<AttestationFault> = None;
        for bundle in bundles {
            match self.verify(bundle, digest) {
                Ok(Some(identity)) => return ProvenanceVerdict::Built(identity),
                Ok(None) => {}
                Err(found) => fault = fault.or(Some(found)),
            }
        }
        fault.map_or(ProvenanceVerdict::Unattested, |fault| ProvenanceVerdict::Faulty(fault.to_string()))
    }
}

impl ProvenanceVerdict {
    /// Joins the verdicts about two files of a package that differ.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        match (self, other) {
            (faulty @ Self::Faulty(_), _) | (_, faulty @ Self::Faulty(_)) => faulty,
            (Self::Unattested, _) | (_, Self::Unattested) => Self::Unattested,
            _ => Self::Several,
        }
    }
}

/// The predicate of a sentence about the package.
impl fmt::Display for ProvenanceVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Built(identity) => write!(f, "was built from {identity}"),
            Self::Unattested => f.write_str("has no attestation of who built it"),
            Self::Faulty(reason) => write!(f, "has an attestation that does not count: {reason}"),
            Self::Several => f.write_str("has files that were built from several repositories"),
        }
    }
}
