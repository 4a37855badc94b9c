//! How the files of packages come into a profile.

use serde::{Deserialize, Serialize};

/// How a realised package's files come to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkMode {
    /// Hard links to the store.
    #[default]
    Shared,
    /// Copies that may be written.
    Writable,
    /// Copies that only their owner may read.
    Private,
}

impl LinkMode {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Writable => "writable",
            Self::Private => "private",
        }
    }
}
