//! A checkout, a store and a lock for tests, in a folder of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::fs::{self, Durability};
use crate::lock::{Closure, Lockfile};
use crate::manifest::{FilesMode, Hoisting};
use crate::model::{
    Dependent, Ecosystem, Edge, Facts, Instance, InstanceKey, Label, Package, PackageId, PackageKey, PackageName,
    Platform, Requirement, RootEdge, SemverRange, TreeDigest, Version,
};
use crate::store::{Tree, TreeEntry, TreeOrigin};

use super::compute_layout::{compute_layout, read_private};
use super::deployed_flow::DeployedFlows;
use super::layout::{ClosurePackage, Layout, LocalFolder};
use super::layout_input::LayoutInput;
use super::link_mode::LinkMode;
use super::python::{Bytecode, Interpreter};
use super::{BuildInput, Built, ProfileError, Profiles};

pub(super) struct Fixture {
    _folder: tempfile::TempDir,
    pub(super) root: PathBuf,
    store: PathBuf,
    pub(super) lock: Lockfile,
    pub(super) trees: BTreeMap<PackageKey, Arc<Tree>>,
    left_out: BTreeSet<PackageKey>,
    pub(super) interpreter: Option<Interpreter>,
    pub(super) bytecode: Option<Bytecode>,
    pub(super) files: FilesMode,
    pub(super) hoisting: Hoisting,
}

impl Fixture {
    /// A project in a folder whose name has a space.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (root, store) = (folder.path().join("my project"), folder.path().join("store"));
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(&store).unwrap();
        Self {
            root: fs::canonicalize(&root).unwrap(),
            store,
            _folder: folder,
            lock: Lockfile::default(),
            trees: BTreeMap::new(),
            left_out: BTreeSet::new(),
            interpreter: None,
            bytecode: None,
            files: FilesMode::Shared,
            hoisting: Hoisting::default(),
        }
    }

    pub(super) fn npm(&mut self, spec: &str, files: &[(&str, &str)]) -> &mut Self {
        self.package(key(Ecosystem::Npm, spec), files)
    }

    pub(super) fn wheel(&mut self, spec: &str, files: &[(&str, &str)]) -> &mut Self {
        self.package(key(Ecosystem::Pypi, spec), files)
    }

    /// A private package.
    pub(super) fn private(&mut self, spec: &str, files: &[(&str, &str)]) -> &mut Self {
        self.package(key(Ecosystem::Larder, spec), files)
    }

    /// A dependency of a private package on one of another ecosystem.
    pub(super) fn private_edge(&mut self, from: &str, ecosystem: Ecosystem, name: &str, to: &str) -> &mut Self {
        self.edge_of(&key(Ecosystem::Larder, from), edge(name, &key(ecosystem, to)))
    }

    pub(super) fn root_private(&mut self, name: &str, to: &str) -> &mut Self {
        self.root_of(Dependent::Project, edge(name, &key(Ecosystem::Larder, to)))
    }

    fn package(&mut self, key: PackageKey, files: &[(&str, &str)]) -> &mut Self {
        let folder = self.store.join(format!("{}-{}", key.id.name.as_str().replace('/', "+"), self.trees.len()));
        let tree = Arc::new(tree(folder, files));
        let bin = files.iter().any(|(path, text)| *path == "package.json" && text.contains("bin"))
            || files.iter().any(|(path, text)| *path == "larder.kdl" && text.contains("bin"));
        self.trees.insert(key.clone(), tree);
        self.add(key, None, bin)
    }

    fn add(&mut self, key: PackageKey, folder: Option<Arc<str>>, bin: bool) -> &mut Self {
        let facts = Facts { bin, ..Facts::default() };
        self.lock.graph.instances.insert(instance(&key), Instance::default());
        self.lock
            .graph
            .packages
            .insert(key, Package { origin: None, folder, artifacts: Vec::new(), facts, attestation: None });
        self
    }

    /// A local package `name` 1.0.0.
    pub(super) fn folder(&mut self, name: &str, folder: &str, files: &[(&str, &str)]) -> &mut Self {
        for (path, text) in files {
            let path = self.root.join(folder).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write_new(&path, text.as_bytes(), 0o644).unwrap();
        }
        self.add(key(Ecosystem::Path, &format!("{name}@1.0.0")), Some(folder.into()), false)
    }

    pub(super) fn edge(&mut self, from: &str, name: &str, to: &str) -> &mut Self {
        self.edge_of(&key(Ecosystem::Npm, from), edge(name, &key(Ecosystem::Npm, to)))
    }

    pub(super) fn path_edge(&mut self, from: &str, name: &str, to: &str) -> &mut Self {
        let from = key(Ecosystem::Path, &format!("{from}@1.0.0"));
        self.edge_of(&from, edge(name, &key(Ecosystem::Npm, to)))
    }

    fn edge_of(&mut self, from: &PackageKey, edge: Edge) -> &mut Self {
        self.lock.graph.instances.get_mut(&instance(from)).unwrap().edges.push(edge);
        self
    }

    pub(super) fn root(&mut self, name: &str, to: &str) -> &mut Self {
        self.root_of(Dependent::Project, edge(name, &key(Ecosystem::Npm, to)))
    }

    pub(super) fn member_root(&mut self, member: &str, name: &str, to: &str) -> &mut Self {
        self.root_of(Dependent::Member(member.into()), edge(name, &key(Ecosystem::Npm, to)))
    }

    pub(super) fn root_wheel(&mut self, spec: &str) -> &mut Self {
        let name = spec.split('@').next().unwrap();
        self.root_of(Dependent::Project, edge(name, &key(Ecosystem::Pypi, spec)))
    }

    pub(super) fn root_path(&mut self, name: &str) -> &mut Self {
        self.root_of(Dependent::Project, edge(name, &key(Ecosystem::Path, &format!("{name}@1.0.0"))))
    }

    fn root_of(&mut self, dependent: Dependent, edge: Edge) -> &mut Self {
        let requirement = Requirement::larder(edge.name.clone(), SemverRange::any());
        self.lock.graph.roots.push(RootEdge { dependent, group: None, requirement, optional: false, to: vec![edge] });
        self
    }

    pub(super) fn leave_out(&mut self, spec: &str) -> &mut Self {
        self.left_out.insert(key(Ecosystem::Npm, spec));
        self
    }

    pub(super) fn take_in(&mut self, spec: &str) -> &mut Self {
        self.left_out.remove(&key(Ecosystem::Npm, spec));
        self
    }

    pub(super) fn writable(&mut self, name: &str) -> &mut Self {
        self.lock.settings.writable.push(PackageId::new(Ecosystem::Npm, PackageName::npm(name).unwrap()));
        self
    }

    pub(super) fn layout(&self) -> (Layout, Vec<ClosurePackage>) {
        self.try_layout().unwrap()
    }

    pub(super) fn try_layout(&self) -> Result<(Layout, Vec<ClosurePackage>), ProfileError> {
        let packages = self.lock.graph.packages.iter();
        let folders = packages
            .filter_map(|(key, package)| {
                let folder = package.folder.clone()?;
                Some((
                    key.clone(),
                    LocalFolder {
                        folder,
                        npm: true,
                        node_half: None,
                        python: false,
                        unbuilt: false,
                        bin: BTreeMap::new(),
                    },
                ))
            })
            .collect();
        compute_layout(&LayoutInput {
            lock: &self.lock,
            closure: &self.closure(),
            platform: Platform::LinuxX64,
            trees: &self.trees.iter().map(|(key, tree)| (key.clone(), tree.digest)).collect(),
            private: &read_private(&self.trees, &self.lock)?,
            folders: &folders,
            files: LinkMode::Shared,
            hoisting: &self.hoisting,
            environments: &[BTreeSet::new()],
            runtimes: &[],
        })
    }

    fn closure(&self) -> Closure<'_> {
        let instances = self.lock.graph.instances.keys();
        let reached = instances.filter(|key| !self.left_out.contains(&key.package));
        Closure {
            side: None,
            roots: self.lock.graph.roots.iter().collect(),
            instances: reached.map(|key| (key, BTreeSet::new())).collect(),
            platform: Some(Platform::LinuxX64),
            graph: Some(&self.lock.graph),
        }
    }

    pub(super) fn with_input<T>(&self, work: impl FnOnce(&BuildInput<'_>) -> T) -> T {
        let (environment, closure) = (development(), self.closure());
        work(&BuildInput {
            environment: &environment,
            platform: Platform::LinuxX64,
            lock: &self.lock,
            lock_text: "lock",
            manifests: &BTreeMap::new(),
            durable: false,
            promoted: None,
            closure: &closure,
            trees: &self.trees,
            files: self.files,
            hoisting: &self.hoisting,
            environments: &[BTreeSet::new()],
            interpreter: self.interpreter.as_ref(),
            runtimes: &[],
            bytecode: self.bytecode.as_ref(),
            flows: &DeployedFlows::new(),
            flow_trees: &[],
            project: None,
            created: jiff::Timestamp::UNIX_EPOCH,
            larder: "0.1.0",
        })
    }

    pub(super) fn project(&self) -> Profiles {
        Profiles::open(&self.root).unwrap()
    }

    pub(super) fn build(&self) -> Result<Built, ProfileError> {
        let project = self.project();
        let lock = project.lock(|_| {}).unwrap();
        self.with_input(|input| project.build(&lock, input))
    }

    /// Builds, switches, activates.
    pub(super) fn sync(&self) -> Built {
        let built = self.build().unwrap();
        let project = self.project();
        let lock = project.lock(|_| {}).unwrap();
        project.switch(&lock, &development(), built.generation.number, Durability::Lazy).unwrap();
        project.activate(&lock, &development()).unwrap();
        built
    }

    pub(super) fn lookup(&self) -> impl Fn(&TreeDigest) -> Option<Arc<Tree>> + Sync {
        |digest| {
            let compiled = self.bytecode.iter().flat_map(BTreeMap::values);
            self.trees.values().chain(compiled).find(|tree| tree.digest == *digest).cloned()
        }
    }

    /// Damage as text.
    pub(super) fn verify(&self) -> Vec<String> {
        let damage = self.project().verify(&development(), self.lookup()).unwrap();
        damage.iter().map(ToString::to_string).collect()
    }
}

pub(super) fn development() -> Label {
    "development".parse().unwrap()
}

fn key(ecosystem: Ecosystem, spec: &str) -> PackageKey {
    let (name, version) = spec.rsplit_once('@').unwrap();
    PackageKey {
        id: PackageId::new(ecosystem, PackageName::parse(ecosystem, name).unwrap()),
        version: Version::parse(ecosystem, version).unwrap(),
    }
}

fn instance(key: &PackageKey) -> InstanceKey {
    InstanceKey { package: key.clone(), peers: "".into() }
}

fn edge(name: &str, to: &PackageKey) -> Edge {
    Edge { name: PackageName::parse(to.id.ecosystem, name).unwrap(), ..Edge::plain(instance(to)) }
}

/// Files whose names end with `!` are executable.
fn tree(folder: PathBuf, files: &[(&str, &str)]) -> Tree {
    fs::create_dir_all(&folder).unwrap();
    let mut entries = Vec::new();
    let mut hasher = blake3::Hasher::new();
    for (name, text) in files {
        let path = name.trim_end_matches('!');
        let executable = path != *name;
        let full = folder.join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write_new(&full, text.as_bytes(), if executable { 0o555 } else { 0o444 }).unwrap();
        let stat = fs::lstat(&full).unwrap().unwrap();
        hasher.update(name.as_bytes()).update(&[0]).update(text.as_bytes()).update(&[0]);
        let digest = TreeDigest::of(text.as_bytes());
        entries.push(TreeEntry { path: path.into(), executable, size: stat.size, mtime: stat.mtime, digest });
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    hasher.update(folder.as_os_str().as_encoded_bytes());
    let digest = TreeDigest(*hasher.finalize().as_bytes());
    Tree { digest, folder, entries, twins: false, origin: TreeOrigin::default() }
}
