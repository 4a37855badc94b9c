//! The standard tables of a pyproject.toml.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The `[project]` table (PEP 621), as written.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ProjectTable {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) requires_python: Option<String>,
    #[serde(default)]
    pub(super) dependencies: Vec<String>,
    /// Folders that it depends on, relative to its own.
    #[serde(skip)]
    pub(super) folders: Vec<String>,
    #[serde(default)]
    pub(super) optional_dependencies: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) dynamic: Vec<String>,
    pub(super) scripts: Option<toml::Table>,
}

/// An element of a dependency group (PEP 735).
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum GroupItem {
    Requirement(String),
    Include {
        #[serde(rename = "include-group")]
        group: String,
    },
    #[serde(skip)]
    Folder(String),
}
