//! What is released of a unit, and why.

use serde::{Deserialize, Serialize};

/// A release of a unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedUnit {
    /// Its name.
    pub name: String,
    /// Its folder, relative to the root; empty for the root.
    pub folder: String,
    /// The version before.
    pub from: String,
    /// The version that is released.
    pub version: String,
    /// Its tag; none of a pre-release.
    pub tag: Option<String>,
    /// The changes, from the newest on.
    pub changes: Vec<PlannedChange>,
    /// The section of the changelog.
    pub section: String,
}

/// A change, for `--json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedChange {
    /// The commit.
    pub commit: String,
    /// What it is about.
    pub scope: Option<String>,
    /// What it does.
    pub description: String,
    /// Whether it breaks something.
    pub breaking: bool,
}
