//! What a profile will look like, as data: which packages are realised, and who sees what under which name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Ecosystem, PackageId, PackageName, TreeDigest};

use super::key::Key;
use super::link_mode::LinkMode;

/// What a name in a `node_modules` leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A realised package: its key, and its own name.
    Package(Key, Arc<str>),
    /// A local folder, relative to the root.
    Folder(Arc<str>),
}

/// The names in a `node_modules`, and what they lead to.
pub type Links = BTreeMap<Arc<str>, Target>;

/// A folder of `.larder/node_modules/.packages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realised {
    /// The package's own name: the folder that its files are in.
    pub name: Arc<str>,
    /// Its content.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
    /// How its files come to be.
    #[serde(default, skip_serializing_if = "is_shared")]
    pub files: LinkMode,
    /// Whether it declares executables.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bin: bool,
    /// What it sees beside itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: Links,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_shared(files: &LinkMode) -> bool {
    *files == LinkMode::Shared
}

/// A Python package of the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Its name.
    pub name: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// Its content: the unpacked wheel.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
    /// How its files come to be.
    #[serde(default, skip_serializing_if = "is_shared")]
    pub files: LinkMode,
    /// Whether a manifest asks for it.
    pub direct: bool,
}

/// A Python package whose files count where another one installs them too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its name.
    pub package: Arc<str>,
    /// A glob over paths relative to `site-packages`, or to the environment for files outside of it.
    pub files: Arc<str>,
}

impl std::fmt::Display for Owner {
    /// Writes it as the manifest has it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "owner pypi \"{}\" \"{}\"", self.package, self.files)
    }
}

/// One element of a closure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name.
    pub name: Arc<str>,
    /// The version, as its ecosystem writes it.
    pub version: Arc<str>,
    /// The registry, where a package that comes from several is told apart by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Arc<str>>,
    /// The bound peers; empty for most.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub peers: Arc<str>,
    /// Its content.
    #[serde(flatten)]
    pub content: Content,
    /// Whether a manifest asks for it.
    pub direct: bool,
}

impl Member {
    /// Returns the package; none where the record names none.
    pub(super) fn id(&self) -> Option<PackageId> {
        let name = PackageName::parse(self.ecosystem, &self.name).ok()?;
        let registry = self.registry.as_deref().map(str::parse).transpose().ok()?;
        Some(PackageId { registry, ..PackageId::new(self.ecosystem, name) })
    }
}

/// What a closure's element consists of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// A tree of the store.
    Tree(#[serde(with = "super::as_text")] TreeDigest),
    /// A folder relative to the root.
    Folder(Arc<str>),
}

/// A local package, by what its folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Relative to the root.
    pub folder: Arc<str>,
    /// Whether it has a package.json.
    pub npm: bool,
    /// Whether it has a pyproject.toml.
    pub python: bool,
    /// The executables that its package.json declares: each with its file, relative to the folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bin: BTreeMap<Arc<str>, Arc<str>>,
}

/// A whole profile as data.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Layout {
    /// The realised packages.
    pub packages: BTreeMap<Key, Realised>,
    /// What the project sees.
    pub node_modules: Links,
    /// What each member or local package sees, by its folder.
    pub members: BTreeMap<Arc<str>, Links>,
    /// `packages/`: private packages and local folders.
    pub shelf: Links,
    /// The Python packages, sorted by name.
    pub python: Vec<Distribution>,
    /// Which of them, or of the local ones, own files that others install too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
    /// The local packages, by name.
    pub folders: BTreeMap<Arc<str>, Folder>,
}

/// Who depends on whom among the Python packages of an environment, by name.
pub(super) type Dependencies = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;
