//! How the files of packages come into a profile.

use serde::{Deserialize, Serialize};

use crate::manifest::FilesMode;

/// How a package's files come into a profile.
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

impl From<FilesMode> for LinkMode {
    fn from(files: FilesMode) -> Self {
        match files {
            FilesMode::Shared => Self::Shared,
            FilesMode::Private => Self::Private,
        }
    }
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
