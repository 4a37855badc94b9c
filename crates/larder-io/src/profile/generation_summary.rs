//! `head.json`: the part of a generation's record that a switch and a history need. It is small, whatever the size of the rest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::difference::Difference;
use crate::fs;
use crate::model::{Label, TreeDigest};

use super::ProfileError;
use super::paths::SUMMARY;
use super::record_file::{FORMAT, read_record};

/// The part of a generation's record that a switch and a history need.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerationSummary {
    /// The form of the record.
    pub format: u32,
    /// The generation's number.
    pub number: u64,
    /// The generation that was current when it was built.
    pub parent: Option<u64>,
    /// When it was built.
    #[serde(with = "super::as_text")]
    pub created: jiff::Timestamp,
    /// The digest of the lockfile's text.
    #[serde(with = "super::as_text")]
    pub lock: TreeDigest,
    /// The digest that is the same on two machines: see [`Generation::digest`](super::Generation).
    #[serde(with = "super::as_text")]
    pub digest: TreeDigest,
    /// The checkout's folder when the generation was built: absolute links lead there.
    pub root: PathBuf,
    /// Whether a switch to the generation is synced to disk, so that it survives a loss of power.
    pub durable: bool,
    /// The generation whose closure was taken over, where it was promoted.
    pub promoted: Option<PromotionSource>,
    /// Whether the generation has a `fallback`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fallback: bool,
    /// Whether the generation has a Python environment.
    pub python: bool,
    /// Whether the project has a `node_modules`.
    pub node_modules: bool,
    /// The folders of members and local packages that have a `node_modules`.
    pub members: Vec<Arc<str>>,
    /// The names in the generation's own copy of the project. Empty if it has none: then the checkout is the project.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub project: Vec<Arc<str>>,
    /// The number of packages.
    pub packages: usize,
    /// The difference from its parent.
    pub changes: ChangeSummary,
}

/// The generation whose closure a promotion took over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionSource {
    /// The environment.
    #[serde(with = "super::as_text")]
    pub environment: Label,
    /// The number of its generation.
    pub number: u64,
}

/// The difference between a generation and its parent, in short.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChangeSummary {
    /// The number of added packages.
    pub added: usize,
    /// The number of packages with other versions.
    pub changed: usize,
    /// The number of removed packages.
    pub removed: usize,
    /// The first changes, a line each.
    pub lines: Vec<String>,
}

/// The number of changes that are named; the others are counted.
const NAMED: usize = 5;

impl From<&Difference> for ChangeSummary {
    fn from(difference: &Difference) -> Self {
        Self {
            added: difference.added.len(),
            changed: difference.changed.len(),
            removed: difference.removed.len(),
            lines: difference.lines().take(NAMED).collect(),
        }
    }
}

impl GenerationSummary {
    /// Returns whether local packages beside the checkout have a `node_modules` of it.
    pub fn reaches_beside(&self) -> bool {
        self.members.iter().any(|folder| folder.starts_with(".."))
    }

    /// Returns whether it came in a bundle: it has its own copy of the project.
    pub fn is_bundled(&self) -> bool {
        !self.project.is_empty()
    }

    /// Returns whether Node finds packages in it, by walking up from a program's own place.
    pub fn has_npm_packages(&self) -> bool {
        self.node_modules || !self.members.is_empty()
    }

    /// Reads the record in the generation's folder.
    pub(super) fn read(folder: &Path) -> Result<Self, ProfileError> {
        let file = folder.join(SUMMARY);
        let bytes = read_record(&file)?;
        let bad = |problem: String| ProfileError::BadRecord { file: file.clone(), problem };
        let summary: Self = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        if summary.format > FORMAT { Err(bad("a newer larder wrote it".to_owned())) } else { Ok(summary) }
    }

    /// Writes the record into a new folder; returns its digest.
    pub(super) fn write(&self, folder: &Path) -> Result<TreeDigest, ProfileError> {
        let text = self.text(folder)?;
        fs::write_new(&folder.join(SUMMARY), &text, 0o644)?;
        Ok(TreeDigest::of(&text))
    }

    /// Returns the record's text.
    pub(super) fn text(&self, folder: &Path) -> Result<Vec<u8>, ProfileError> {
        serde_json::to_vec(self)
            .map_err(|error| ProfileError::BadRecord { file: folder.join(SUMMARY), problem: error.to_string() })
    }
}
