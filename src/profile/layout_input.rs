//! What a layout is computed from, and what an ecosystem's placement may ask of a package.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lock::{Closure, Lockfile};
use crate::model::{Ecosystem, InstanceKey, PackageKey, Platform, TreeDigest};

use super::ProfileError;
use super::key::Key;
use super::layout::{Folder, Links, Target};
use super::link_mode::LinkMode;

/// What a layout is computed from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// The lock.
    pub(super) lock: &'a Lockfile,
    /// What of it the environment reaches on `platform`.
    pub(super) closure: &'a Closure<'a>,
    /// The platform.
    pub(super) platform: Platform,
    /// The content of each package of a registry.
    pub(super) trees: &'a BTreeMap<PackageKey, TreeDigest>,
    /// The local packages of the closure.
    pub(super) folders: &'a BTreeMap<PackageKey, Folder>,
    /// Whether all files are private copies.
    pub(super) files: LinkMode,
}

impl Wanted<'_> {
    /// Returns what a link to an instance leads to. `keys` has the keys of realised packages. `None` if the instance is
    /// neither realised nor a local package with a package.json.
    pub(super) fn target(&self, keys: &RealisedKeys<'_>, of: &InstanceKey) -> Option<Target> {
        match keys.get(of) {
            Some(key) => Some(Target::Package(key.clone(), of.package.id.name.as_str().into())),
            None => Some(Target::Folder(self.npm_folder(of)?.folder.clone())),
        }
    }

    /// Returns the local package that an instance is, if it has a package.json.
    pub(super) fn npm_folder(&self, of: &InstanceKey) -> Option<&Folder> {
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
pub(super) type RealisedKeys<'a> = BTreeMap<&'a InstanceKey, Key>;

/// A package of a closure that gets its place in a layout.
pub(super) struct Placed<'a> {
    pub(super) wanted: &'a Wanted<'a>,
    pub(super) keys: &'a RealisedKeys<'a>,
    pub(super) key: &'a InstanceKey,
    /// Whether a manifest line asks for the package.
    pub(super) is_direct: bool,
    /// Returns whether dependents find an ecosystem's packages in a `node_modules`.
    pub(super) is_in_node_modules: fn(Ecosystem) -> bool,
}

impl Placed<'_> {
    /// Returns the package's name.
    pub(super) fn name(&self) -> Arc<str> {
        self.key.package.id.name.as_str().into()
    }

    /// Returns what a link to the package leads to.
    pub(super) fn target(&self) -> Option<Target> {
        self.wanted.target(self.keys, self.key)
    }

    /// Returns what the package sees in a `node_modules`.
    pub(super) fn dependencies(&self) -> Links {
        let edges = self.wanted.closure.edges(self.key);
        edges
            .filter(|edge| (self.is_in_node_modules)(edge.to.package.id.ecosystem))
            .filter_map(|edge| Some((edge.name.as_str().into(), self.wanted.target(self.keys, &edge.to)?)))
            .collect()
    }

    /// Returns the local package that it is.
    pub(super) fn folder(&self) -> Option<&Folder> {
        self.wanted.folders.get(&self.key.package)
    }

    /// Returns the package's unpacked content.
    pub(super) fn tree(&self) -> Result<TreeDigest, ProfileError> {
        self.wanted.tree(&self.key.package)
    }

    /// Returns how the package's files come into the profile.
    pub(super) fn link_mode(&self) -> LinkMode {
        self.wanted.link_mode(&self.key.package)
    }
}
