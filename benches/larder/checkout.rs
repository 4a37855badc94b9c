//! A checkout whose packages are in a store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use larder::lock::{Closure, Lockfile, Selection};
use larder::manifest::{FilesMode, Hoisting};
use larder::model::{ArtifactKind, Label, PackageKey, Platform};
use larder::profile::{BuildInput, DeployedFlows, Profiles};
use larder::store::Tree;
use tempfile::TempDir;

use super::archives::{Archives, new_folder};

/// Files of each package, besides its package.json.
const FILES: usize = 10;

/// A lock whose packages are in a store.
pub(crate) struct Checkout {
    _store: TempDir,
    lock: Lockfile,
    lock_text: String,
    trees: BTreeMap<PackageKey, Arc<Tree>>,
}

impl Checkout {
    /// Fetches made-up packages for a lock.
    pub(crate) fn of(lock: Lockfile) -> Self {
        let store = new_folder();
        let keys = || lock.graph.packages.keys().cloned();
        let fetched = Archives::of_packages(ArtifactKind::Tarball, keys(), FILES).fetch(&store);
        let trees = keys().zip(fetched.into_iter().map(|fetched| Arc::new(fetched.tree))).collect();
        Self { _store: store, lock_text: lock.to_text(), lock, trees }
    }

    /// Builds the first generation of a project, and returns the number of packages in it.
    pub(crate) fn build(&self, project: &TempDir) -> usize {
        let environment: Label = "development".parse().expect("a label");
        let selection = Selection { groups: BTreeSet::new(), platform: Some(Platform::LinuxX64) };
        let profiles = Profiles::open(project.path()).expect("a folder");
        let lock = profiles.lock(|_| {}).expect("nobody else's folder");
        let input = BuildInput {
            environment: &environment,
            platform: Platform::LinuxX64,
            lock: &self.lock,
            lock_text: &self.lock_text,
            manifests: &BTreeMap::new(),
            durable: false,
            promoted: None,
            closure: &Closure::of(&self.lock.graph, &selection),
            trees: &self.trees,
            files: FilesMode::Shared,
            hoisting: &Hoisting::default(),
            environments: &[BTreeSet::new()],
            interpreter: None,
            runtimes: &[],
            bytecode: None,
            flows: &DeployedFlows::new(),
            flow_trees: &[],
            project: None,
            created: jiff::Timestamp::UNIX_EPOCH,
            larder: env!("CARGO_PKG_VERSION"),
        };
        profiles.build(&lock, &input).expect("a generation").realised
    }
}
