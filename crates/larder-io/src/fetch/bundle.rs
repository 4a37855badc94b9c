//! Unpacking a bundle: a file that somebody brought.

use std::path::{Path, PathBuf};

use super::ArchiveRefusal;
use super::unpack::{UnpackBundleError, UnpackError, UnpackedBundle, unpack_into};
use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::model::TreeDigest;
use crate::store::{Store, StoreError};

/// Unpacks a bundle into the store. Its trees are addressed by their content, so that what is not used of them harms nobody.
pub fn unpack_bundle(store: &Store, path: &Path) -> Result<UnpackedBundle, BundleError> {
    let opened = fs::open_sized(path).map_err(StoreError::from)?;
    let (mut file, _) = opened.ok_or_else(|| BundleError::Missing(path.to_owned()))?;
    let file_name = || path.to_owned();
    unpack_into(store, &mut file).map_err(|error| match error {
        UnpackBundleError::Unpack(UnpackError::Refused(refusal)) => BundleError::Refused { file: file_name(), refusal },
        UnpackBundleError::Unpack(UnpackError::Fs(error)) => BundleError::Store(error.into()),
        UnpackBundleError::Store(error) => BundleError::Store(error),
        UnpackBundleError::OtherTree { name, expected, found } => {
            BundleError::OtherTree { file: file_name(), name, expected, found }
        }
    })
}

/// Why a bundle cannot be unpacked.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum BundleError {
    /// There is no such file.
    #[error("there is no file `{}`", .0.display())]
    #[diagnostic(code(larder::bundle::missing), help("name a file that `larder bundle` wrote"))]
    Missing(PathBuf),
    /// larder would not have written it.
    #[error("refused `{}`: {refusal}", file.display())]
    #[diagnostic(
        code(larder::bundle::refused),
        help("nothing was changed. Carry it here again, and compare its digest")
    )]
    Refused {
        /// The file.
        file: PathBuf,
        /// The reason.
        refusal: ArchiveRefusal,
    },
    /// Its content is not what it says it is.
    #[error("`{name}` in `{}` is not what the bundle says: expected {expected}, found {found}", file.display())]
    #[diagnostic(
        code(larder::bundle::integrity),
        help("nothing was changed. Carry it here again, and compare its digest")
    )]
    OtherTree {
        /// The file.
        file: PathBuf,
        /// The folder in the bundle.
        name: String,
        /// What the bundle states.
        expected: TreeDigest,
        /// What its files have.
        found: TreeDigest,
    },
    /// The store, or the machine below it.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

impl Failure for BundleError {
    fn exit(&self) -> Exit {
        match self {
            Self::Missing(_) => Exit::Manifest,
            Self::Refused { .. } | Self::OtherTree { .. } => Exit::Integrity,
            Self::Store(error) => error.exit(),
        }
    }
}
