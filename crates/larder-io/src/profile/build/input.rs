//! The input of a build.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lock::{Closure, Lockfile};
use crate::manifest::{FilesMode, Hoisting};
use crate::model::{Label, PackageKey, Platform, TreeDigest};
use crate::store::Tree;

use crate::profile::deployed_flow::DeployedFlows;
use crate::profile::generation_summary::PromotionSource;
use crate::profile::link_mode::LinkMode;
use crate::profile::python::{Bytecode, Interpreter};
use crate::profile::runtime::RuntimeTree;

/// Everything that a generation is built from.
#[derive(Clone, Copy, Debug)]
pub struct BuildInput<'a> {
    /// The environment.
    pub environment: &'a Label,
    /// The platform.
    pub platform: Platform,
    /// The lock.
    pub lock: &'a Lockfile,
    /// The lock's text.
    pub lock_text: &'a str,
    /// The texts of the project's manifests and patches, by their paths below its root.
    pub manifests: &'a BTreeMap<String, String>,
    /// Whether switches to the generation are synced to disk.
    pub durable: bool,
    /// The generation whose closure is taken over, where there is one.
    pub promoted: Option<&'a PromotionSource>,
    /// The part of the lock that the environment reaches on the platform.
    pub closure: &'a Closure<'a>,
    /// The unpacked artifacts of its packages.
    pub trees: &'a BTreeMap<PackageKey, Arc<Tree>>,
    /// Whether files are shared with the store, or private.
    pub files: FilesMode,
    /// What packages find that they do not declare.
    pub hoisting: &'a Hoisting,
    /// The groups of each environment of the project: what packages find that they do not declare is chosen over all of them.
    pub environments: &'a [BTreeSet<Label>],
    /// The interpreter, where a Python is declared.
    pub interpreter: Option<&'a Interpreter>,
    /// The runtimes that larder brings. The interpreter is the one that is realised of them.
    pub runtimes: &'a [RuntimeTree],
    /// The byte-code of wheels, where it is made ahead.
    pub bytecode: Option<&'a Bytecode>,
    /// The flows that are deployed.
    pub flows: &'a DeployedFlows,
    /// Their files.
    pub flow_trees: &'a [Arc<Tree>],
    /// The project's files, where the generation has its own copy of them.
    pub project: Option<&'a Arc<Tree>>,
    /// The current time.
    pub created: jiff::Timestamp,
    /// The version of larder.
    pub larder: &'a str,
}

impl BuildInput<'_> {
    /// Returns how files of packages come into the profile, unless a package is writable.
    pub(in crate::profile) fn link_mode(&self) -> LinkMode {
        self.files.into()
    }

    /// Returns the unpacked artifacts by their digests.
    pub(in crate::profile) fn trees_by_digest(&self) -> BTreeMap<TreeDigest, Arc<Tree>> {
        let runtimes = self.runtimes.iter().map(|runtime| &runtime.tree);
        self.trees.values().chain(runtimes).chain(self.flow_trees).map(|tree| (tree.digest, tree.clone())).collect()
    }
}
