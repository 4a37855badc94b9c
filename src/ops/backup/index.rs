//! The list of a backup: `index.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// The list of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    pub(super) version: u32,
    /// When it was made: RFC 3339, in UTC.
    pub(super) created: String,
    /// The version of larder that made it.
    pub(super) larder: String,
    /// The active environment.
    pub(super) active: Option<String>,
    /// The generations.
    pub(super) generations: Vec<KeptGeneration>,
    /// Every other entry of the archive, by its path.
    pub(super) files: BTreeMap<String, KeptFile>,
}

/// A generation whose record and lock a backup has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptGeneration {
    /// The environment.
    pub environment: String,
    /// Its number.
    pub number: u64,
    /// Whether it was the current one.
    pub current: bool,
    /// When it was built.
    pub created: String,
    /// Its digest: that of a generation that is built from its lock elsewhere.
    pub digest: String,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptFile {
    /// Its BLAKE3 digest.
    pub(super) digest: String,
    /// Whether it may be executed.
    pub(super) executable: bool,
}
