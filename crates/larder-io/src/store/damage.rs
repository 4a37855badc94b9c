//! What can be wrong with the store.

use std::fmt;
use std::path::PathBuf;

use crate::model::TreeDigest;

/// A file of the store that was changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreDamage {
    /// The file.
    pub path: PathBuf,
    /// Its tree.
    pub tree: TreeDigest,
    /// What is wrong with it.
    pub kind: DamageKind,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DamageKind {
    /// Its content was changed.
    Content {
        /// The digest when it entered the store.
        expected: TreeDigest,
        /// The digest now.
        found: TreeDigest,
    },
    /// It is gone.
    Missing {
        /// The digest when it entered the store.
        expected: TreeDigest,
    },
    /// It is executable and should not be, or the reverse.
    Mode {
        /// Whether it should be executable.
        executable: bool,
    },
    /// It does not belong to the tree.
    Unknown,
    /// It is a tree's index, and was changed.
    Index,
}

impl fmt::Display for StoreDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.path.display())?;
        match &self.kind {
            DamageKind::Content { expected, found } => {
                write!(f, "has changed: expected {expected:.16}…, found {found:.16}…")
            }
            DamageKind::Missing { expected } => write!(f, "is gone: expected {expected:.16}…"),
            DamageKind::Mode { executable: true } => f.write_str("is no longer executable"),
            DamageKind::Mode { executable: false } => f.write_str("is executable and should not be"),
            DamageKind::Unknown => f.write_str("does not belong there"),
            DamageKind::Index => f.write_str("is not what larder wrote"),
        }
    }
}
