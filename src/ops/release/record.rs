//! The note of a release under way: `.larder/release.json`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ReleaseOptions;
use super::error::ReleaseError;
use super::planned::PlannedUnit;
use crate::fs::{self, Durability};
use crate::ops::Result;
use crate::profile;

/// The version of the format.
const VERSION: u32 = 1;

/// A release under way. It says what is to be done; what is done shows in files, registries and the repository.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleaseRecord {
    version: u32,
    /// The commit that is released.
    pub(super) base: String,
    /// What is released.
    pub(super) units: Vec<PlannedUnit>,
    /// Whether it is a pre-release, which is neither committed nor tagged.
    pub(super) prerelease: bool,
    /// The registries to publish to.
    pub(super) registries: Vec<String>,
    /// The publisher's key: its name or where it is, never itself.
    pub(super) sign: Option<String>,
}

impl ReleaseRecord {
    pub(super) fn new(base: String, units: Vec<PlannedUnit>, options: &ReleaseOptions, prerelease: bool) -> Self {
        let (registries, sign) = (options.registries.clone(), options.sign.clone());
        Self { version: VERSION, base, units, prerelease, registries, sign }
    }

    /// Returns what is released, for messages and for the commit: `1.4.0`, or `theme@2.0.0, shop@1.1.0`.
    pub(super) fn title(&self) -> String {
        let name = |unit: &PlannedUnit| match unit.folder.as_str() {
            "" => unit.version.clone(),
            _ => format!("{}@{}", unit.name, unit.version),
        };
        self.units.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Returns the message of the commit.
    pub(super) fn message(&self) -> String {
        format!("chore(release): {} [skip ci]", self.title())
    }

    /// Reads the note of a release that stopped.
    pub(super) fn read(root: &Path) -> Result<Option<Self>> {
        let bad = |reason: String| ReleaseError::BadRecord { reason };
        let Some(bytes) = fs::read_record(&file(root))? else { return Ok(None) };
        let record: Self = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        let is_inside = |unit: &PlannedUnit| {
            let parts = Path::new(&unit.folder).components();
            parts.into_iter().all(|part| matches!(part, std::path::Component::Normal(_)))
        };
        match record.version {
            VERSION if record.units.iter().all(is_inside) => Ok(Some(record)),
            VERSION => Err(bad("it names folders outside of the project".to_owned()).into()),
            other => Err(bad(format!("it has version {other}")).into()),
        }
    }

    /// Notes a release.
    pub(super) fn write(&self, root: &Path) -> Result<()> {
        let text =
            serde_json::to_vec_pretty(self).map_err(|error| ReleaseError::BadRecord { reason: error.to_string() })?;
        Ok(fs::write_atomic(&file(root), &text, Durability::Synced)?)
    }

    /// Forgets a release.
    pub(super) fn remove(root: &Path) -> Result<()> {
        Ok(fs::remove_file(&file(root))?)
    }
}

fn file(root: &Path) -> PathBuf {
    profile::own_folder(root).join("release.json")
}
