//! The standard tables of a pyproject.toml.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The `[project]` table (PEP 621), as written.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ProjectTable {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) description: Option<String>,
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
}

/// An element of a dependency group (PEP 735).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum GroupItem {
    /// A requirement, as PEP 508 writes it.
    Requirement(String),
    /// Another group.
    Include {
        /// Its name.
        #[serde(rename = "include-group")]
        group: String,
    },
    /// A folder, relative to the project's; only Poetry's tables have some.
    #[serde(skip)]
    Folder(String),
}
