//! A profile as data: which packages are realised, and which names lead to them where.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Ecosystem, PackageId, PackageKey, PackageName, Platform, RuntimeKey, TreeDigest, Version};

use super::deployed_flow::DeployedFlows;
use super::key::RealisedKey;
use super::link_mode::LinkMode;
use super::private::PrivateContent;

/// The target of a link in a `node_modules`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkTarget {
    /// A realised package: its key, and its own name; of a private package the name with the folder of its Node half.
    Package(RealisedKey, Arc<str>),
    /// A local folder, relative to the root.
    Folder(Arc<str>),
}

/// The names in a `node_modules`, and what they lead to.
pub type Links = BTreeMap<Arc<str>, LinkTarget>;

/// A package in a folder of `.larder/node_modules/.packages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealisedPackage {
    /// The package's own name: the folder that its files are in.
    pub name: Arc<str>,
    /// The digest of the unpacked content.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
    /// How the files come into the profile.
    #[serde(default, skip_serializing_if = "is_shared")]
    pub files: LinkMode,
    /// Whether the package declares executables.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bin: bool,
    /// The links to its dependencies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: Links,
    /// What a private package brings. `None` for other packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<PrivateContent>,
}

/// A runtime in a folder of `.larder/node_modules/.packages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RealisedRuntime {
    /// The folder.
    pub key: RealisedKey,
    /// The digest of the unpacked archive.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
    /// How the files come into the profile.
    #[serde(default, skip_serializing_if = "is_shared")]
    pub files: LinkMode,
}

impl RealisedRuntime {
    /// Returns where a runtime is realised that was unpacked as this tree.
    pub(super) fn new(platform: Platform, (runtime, tree): (RuntimeKey, TreeDigest), files: LinkMode) -> Self {
        Self { key: RealisedKey::of_runtime(platform, runtime, tree, files), tree, files }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_shared(files: &LinkMode) -> bool {
    *files == LinkMode::Shared
}

/// A Python package of the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// The package's name.
    pub name: Arc<str>,
    /// The package's version.
    pub version: Arc<str>,
    /// The digest of the unpacked wheel.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
    /// How the files come into the profile.
    #[serde(default, skip_serializing_if = "is_shared")]
    pub files: LinkMode,
    /// Whether a manifest line asks for the package.
    pub direct: bool,
    /// Whether an extra that a manifest line asks for names the package, and no line does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_extra: bool,
}

impl Distribution {
    /// Returns who asks for the package.
    pub(super) fn asked_by(&self) -> AskedBy {
        match (self.direct, self.by_extra) {
            (true, _) => AskedBy::Line,
            (false, true) => AskedBy::Extra,
            (false, false) => AskedBy::Packages,
        }
    }
}

/// Who asks for a package of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AskedBy {
    /// A manifest line.
    Line,
    /// An extra that a manifest line asks for.
    Extra,
    /// Other packages only.
    Packages,
}

/// A package that a server installs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallStep {
    /// The package's name.
    pub name: Arc<str>,
    /// The package's version.
    pub version: Arc<str>,
    /// The package's identifier, if it has one besides its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Arc<str>>,
}

/// An `owner` line: a Python package whose files are installed where other packages bring them too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerRule {
    /// The package's name.
    pub package: Arc<str>,
    /// A glob over paths relative to `site-packages`, or to the environment for files outside of it.
    pub files: Arc<str>,
}

impl std::fmt::Display for OwnerRule {
    /// Writes it as the manifest has it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "owner pypi \"{}\" \"{}\"", self.package, self.files)
    }
}

/// A package of a generation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClosurePackage {
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
    /// The digest of the unpacked content.
    #[serde(flatten)]
    pub content: PackageContent,
    /// Whether a manifest line asks for the package.
    pub direct: bool,
}

impl ClosurePackage {
    /// Returns the package with its version. Returns `None` if the record names no package that larder can read.
    pub fn key(&self) -> Option<PackageKey> {
        Some(PackageKey { id: self.id()?, version: Version::parse(self.ecosystem, &self.version).ok()? })
    }

    /// Returns the package; none where the record names none.
    pub(super) fn id(&self) -> Option<PackageId> {
        let name = PackageName::parse(self.ecosystem, &self.name).ok()?;
        let registry = self.registry.as_deref().map(str::parse).transpose().ok()?;
        Some(PackageId { registry, ..PackageId::new(self.ecosystem, name) })
    }
}

/// The content of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageContent {
    /// A tree of the store.
    Tree(#[serde(with = "super::as_text")] TreeDigest),
    /// A folder relative to the root.
    Folder(Arc<str>),
}

/// A local package, by the files in its folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalFolder {
    /// Relative to the root.
    pub folder: Arc<str>,
    /// Whether Node sees it: the folder has a package.json, or its larder.kdl declares a Node half.
    pub npm: bool,
    /// The folder of its Node half, relative to the root, where that is not the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_half: Option<Arc<str>>,
    /// Whether Python sees it: the folder has a pyproject.toml, or its larder.kdl declares a Python half.
    pub python: bool,
    /// Whether a build is to make it: nothing is in it yet, and nothing is put into it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbuilt: bool,
    /// The executables that its package.json or its larder.kdl declares: each with its file, relative to the folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bin: BTreeMap<Arc<str>, Arc<str>>,
}

impl LocalFolder {
    /// Returns the folder that Node sees under the package's name, relative to the root.
    pub fn node_folder(&self) -> &Arc<str> {
        self.node_half.as_ref().unwrap_or(&self.folder)
    }
}

/// What packages find last, though they do not declare it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fallback {
    /// The links of `fallback/`.
    pub links: Links,
    /// The names that are left out, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<Arc<str>, String>,
}

/// A whole profile as data.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Layout {
    /// The realised packages.
    pub packages: BTreeMap<RealisedKey, RealisedPackage>,
    /// The runtimes that larder brings, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runtimes: BTreeMap<Arc<str>, RealisedRuntime>,
    /// The project's own `node_modules`.
    pub node_modules: Links,
    /// What the project's own `node_modules` has besides, by `hoist` lines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hoisted: Links,
    /// What packages find last. `None` if there is no fallback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// The `node_modules` of each member and local package, by its folder.
    pub members: BTreeMap<Arc<str>, Links>,
    /// `packages/`: private packages, and local folders that Node does not see.
    #[serde(rename = "shelf")]
    pub package_links: Links,
    /// The packages that a server installs, in the order in which it does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub install_order: Vec<InstallStep>,
    /// The Python packages, sorted by name.
    pub python: Vec<Distribution>,
    /// The `owner` lines about packages that are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<OwnerRule>,
    /// The local packages, by name.
    pub folders: BTreeMap<Arc<str>, LocalFolder>,
    /// The flows that are deployed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flows: DeployedFlows,
}

impl Layout {
    /// Returns whether the project has a `node_modules` of its own.
    pub(super) fn has_node_modules(&self) -> bool {
        !self.node_modules.is_empty() || !self.hoisted.is_empty()
    }

    /// Returns the folders in `.packages` that the profile needs.
    pub(super) fn keys(&self) -> impl Iterator<Item = &RealisedKey> {
        self.packages.keys().chain(self.runtimes.values().map(|runtime| &runtime.key))
    }

    /// Returns the trees of the store that these folders are made of.
    pub(super) fn realised_trees(&self) -> impl Iterator<Item = (&RealisedKey, &TreeDigest)> {
        let packages = self.packages.iter().map(|(key, realised)| (key, &realised.tree));
        packages.chain(self.runtimes.values().map(|runtime| (&runtime.key, &runtime.tree)))
    }

    /// Returns the private packages with a Python half: the key, the package, what it brings.
    pub(super) fn python_halves(&self) -> impl Iterator<Item = (&RealisedKey, &RealisedPackage, &PrivateContent)> {
        let private =
            self.packages.iter().filter_map(|(key, realised)| Some((key, realised, realised.private.as_ref()?)));
        private.filter(|(_, _, content)| content.python.is_some())
    }

    /// Returns the links of `fallback/`; none where there is none.
    pub(super) fn fallback_links(&self) -> impl Iterator<Item = (&Arc<str>, &LinkTarget)> {
        self.fallback.iter().flat_map(|fallback| &fallback.links)
    }
}

/// The dependencies of each Python package of an environment, by name.
pub(super) type Dependencies = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;
