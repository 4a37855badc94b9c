//! The files and folders that the references of a project's assets follow from.

use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::fs::{self, Kind, Stamp};
use crate::model::TreeDigest;
use crate::parallel::map_parallel;

use super::threads;

/// The files and folders that references follow from.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReferenceInputs {
    /// The folders that were looked through.
    pub(super) folders: Vec<PathBuf>,
    /// The files that were read.
    pub(super) files: Vec<PathBuf>,
    /// The files that were looked for and not there.
    pub(super) absent: Vec<PathBuf>,
}

impl ReferenceInputs {
    /// Returns the digest of how the files and folders stand, as long as none of them changed since `time`, nor a moment before.
    pub(super) fn digest(&self, time: SystemTime) -> Option<TreeDigest> {
        let of_kind = |paths: &[PathBuf], kind| -> Option<Vec<[u8; 40]>> {
            let stamp = |path: &PathBuf| Stamp::unchanged_since(path, kind, time).map(Stamp::to_bytes);
            map_parallel(paths, threads(), stamp).into_iter().collect()
        };
        if !self.absent.iter().all(|path| matches!(fs::lstat(path), Ok(None))) {
            return None;
        }
        let stamps = [of_kind(&self.folders, Kind::Folder)?, of_kind(&self.files, Kind::File)?].concat();
        Some(TreeDigest::of(stamps.as_flattened()))
    }
}
