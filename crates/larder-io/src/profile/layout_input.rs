//! The input of a layout, and the questions that an ecosystem's placement may ask about a package.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lock::{Closure, Lockfile};
use crate::manifest::Hoisting;
use crate::model::{Ecosystem, InstanceKey, Label, PackageKey, Platform, TreeDigest};

use super::ProfileError;
use super::key::RealisedKey;
use super::layout::{AskedBy, LinkTarget, Links, LocalFolder};
use super::link_mode::LinkMode;
use super::private::PrivateContent;
use super::runtime::RuntimeTree;

/// The input of [`compute_layout`](super::compute_layout::compute_layout).
#[derive(Clone, Copy, Debug)]
pub(super) struct LayoutInput<'a> {
    /// The lock.
    pub(super) lock: &'a Lockfile,
    /// The part of the lock that the environment reaches on `platform`.
    pub(super) closure: &'a Closure<'a>,
    /// The platform.
    pub(super) platform: Platform,
    /// The content of each package of a registry.
    pub(super) trees: &'a BTreeMap<PackageKey, TreeDigest>,
    /// What the private packages of the closure declare.
    pub(super) private: &'a BTreeMap<PackageKey, PrivateContent>,
    /// The local packages of the closure.
    pub(super) folders: &'a BTreeMap<PackageKey, LocalFolder>,
    /// How files come into the profile, unless a package is writable.
    pub(super) files: LinkMode,
    /// What packages find that they do not declare.
    pub(super) hoisting: &'a Hoisting,
    /// The groups of each environment of the project.
    pub(super) environments: &'a [BTreeSet<Label>],
    /// The runtimes that larder brings.
    pub(super) runtimes: &'a [RuntimeTree],
}

impl LayoutInput<'_> {
    /// Returns what a link to an instance in a `node_modules` leads to. `keys` has the keys of realised packages. `None` if the
    /// instance is neither realised nor a local package that Node sees, or is a private package without a Node half.
    pub(super) fn target(&self, keys: &RealisedKeys<'_>, of: &InstanceKey) -> Option<LinkTarget> {
        match keys.get(of) {
            Some(key) => Some(LinkTarget::Package(key.clone(), self.node_path(&of.package)?)),
            None => Some(LinkTarget::Folder(Arc::clone(self.npm_folder(of)?.node_folder()))),
        }
    }

    /// Returns where Node finds a realised package below the `node_modules` of its folder. `None` for a private package without a
    /// Node half.
    pub(super) fn node_path(&self, package: &PackageKey) -> Option<Arc<str>> {
        let name = package.id.name.as_str();
        self.private.get(package).map_or_else(|| Some(name.into()), |private| private.node_path(name))
    }

    /// Returns the local package that an instance is, if Node sees it.
    pub(super) fn npm_folder(&self, of: &InstanceKey) -> Option<&LocalFolder> {
        self.folders.get(&of.package).filter(|folder| folder.npm)
    }

    /// Returns the unpacked content of a package.
    ///
    /// # Errors
    /// [`ProfileError::NotFetched`] if it was not handed in.
    pub(super) fn tree(&self, package: &PackageKey) -> Result<TreeDigest, ProfileError> {
        self.trees.get(package).copied().ok_or_else(|| ProfileError::NotFetched(package.clone()))
    }

    /// Returns how a package's files come into the profile.
    pub(super) fn link_mode(&self, package: &PackageKey) -> LinkMode {
        match self.files {
            LinkMode::Shared if self.lock.settings.writable.iter().any(|writable| writable.is_same(&package.id)) => {
                LinkMode::Writable
            }
            mode => mode,
        }
    }
}

/// The keys of the realised packages.
pub(super) type RealisedKeys<'a> = BTreeMap<&'a InstanceKey, RealisedKey>;

/// A package of a closure that gets its place in a layout.
pub(super) struct PackageToPlace<'a> {
    pub(super) input: &'a LayoutInput<'a>,
    pub(super) keys: &'a RealisedKeys<'a>,
    pub(super) key: &'a InstanceKey,
    /// Who asks for the package.
    pub(super) asked_by: AskedBy,
    /// Returns whether dependents find an ecosystem's packages in a `node_modules`.
    pub(super) is_in_node_modules: fn(Ecosystem) -> bool,
}

impl PackageToPlace<'_> {
    /// Returns the package's name.
    pub(super) fn name(&self) -> Arc<str> {
        self.key.package.id.name.as_str().into()
    }

    /// Returns the realised package as a whole.
    pub(super) fn whole(&self) -> Option<LinkTarget> {
        Some(LinkTarget::Package(self.keys.get(self.key)?.clone(), self.name()))
    }

    /// Returns what the package sees in a `node_modules`.
    pub(super) fn dependencies(&self) -> Links {
        let edges = self.input.closure.edges(self.key);
        edges
            .filter(|edge| (self.is_in_node_modules)(edge.to.package.id.ecosystem))
            .filter_map(|edge| Some((edge.name.as_str().into(), self.input.target(self.keys, &edge.to)?)))
            .collect()
    }

    /// Returns the local package that it is.
    pub(super) fn folder(&self) -> Option<&LocalFolder> {
        self.input.folders.get(&self.key.package)
    }

    /// Returns the package's unpacked content.
    pub(super) fn tree(&self) -> Result<TreeDigest, ProfileError> {
        self.input.tree(&self.key.package)
    }

    /// Returns how the package's files come into the profile.
    pub(super) fn link_mode(&self) -> LinkMode {
        self.input.link_mode(&self.key.package)
    }
}
