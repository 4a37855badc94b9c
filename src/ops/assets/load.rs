//! Which packages with assets there are, and where their files lie.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::assets::{AssetFiles, AssetPackage, AssetSet, PackageIndex};
use crate::diagnostic::SourceFinding;
use crate::fs;
use crate::lock::Lockfile;
use crate::manifest::{self, DependencyLine, DependencySpec, Manifest, ManifestKind};
use crate::model::{Package, PackageKey, PackageName, Requirement};
use crate::ops::facts::locked_trees::{self, MissingTrees};
use crate::ops::packages::{Discovered, GITIGNORE, Repository, Searched};
use crate::ops::project::{find_root, inputs, lockfile};
use crate::ops::session::{LOCKFILE, MANIFEST};
use crate::ops::{Context, Project, Result, Session};
use crate::store::Tree;

use super::inputs::ReferenceInputs;
use super::remembered::{AssetMemory, MAX_FILE};
use super::threads;

/// The packages of a project with their assets, and those that they depend on.
pub(in crate::ops) struct ProjectAssets {
    /// The project's root.
    pub(in crate::ops) root: PathBuf,
    /// The environments that the project declares. `None` of a package that stands alone: its users have theirs.
    environments: Option<Vec<String>>,
    packages: Vec<AssetPackage>,
    /// The private packages that the lines of each package's manifest ask for, in its dependencies and features.
    stated: Vec<Vec<Requirement>>,
    files: AssetMemory,
    /// Where packages were looked for.
    searched: Searched,
    /// How many of the packages are the repository's; the others are locked ones.
    of_repository: usize,
    /// The locked packages that the store lacks, or of which it has what cannot be read.
    missing: BTreeSet<PackageKey>,
}

/// Which packages of a lock are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LockScope {
    /// Those that packages with assets ask for, directly or through others.
    ReferredTo,
    All,
}

impl ProjectAssets {
    /// Finds the packages of the repository around the folder that larder was started in, whose own assets are those at and below
    /// that folder; and the locked ones that they refer to, as far as the store has them.
    pub(in crate::ops) fn of(session: &Session<'_>) -> Result<Self> {
        Self::load(session, session.context, None, LockScope::ReferredTo)
    }

    /// Finds the packages of the repository around the folder that larder was started in, and all that its lock has: installed packages
    /// may have flows that nothing here refers to. `locked` stands for the lock that lies beside the manifest.
    pub(in crate::ops) fn with_lock(session: &Session<'_>, locked: Option<Lockfile>) -> Result<Self> {
        Self::load(session, session.context, locked, LockScope::All)
    }

    /// Finds the packages of the repository around the folder that a context names, and all that its lock has: who uses a package need
    /// not have assets of its own.
    pub(super) fn with_all_locked(session: &Session<'_>, context: &Context<'_>) -> Result<Self> {
        Self::load(session, context, None, LockScope::All)
    }

    fn load(session: &Session<'_>, context: &Context<'_>, locked: Option<Lockfile>, scope: LockScope) -> Result<Self> {
        let root = find_root(context)?;
        let text = inputs::manifest(&root.join(MANIFEST))?;
        let own = manifest::parse(MANIFEST, &text, ManifestKind::Package)?;
        let is_alone = own.package.is_some() && own.project.is_none() && own.members.is_empty();
        let environments = if is_alone {
            None
        } else {
            let manifest = manifest::parse(MANIFEST, &text, ManifestKind::Root)?;
            Some(manifest.environments.iter().map(|one| one.name.to_string()).collect())
        };
        let mut repository = Repository::of(context)?;
        if let Some((_, error)) = repository.unreadable.first() {
            return Err(error.clone());
        }
        let searched = std::mem::take(&mut repository.searched);
        let mut loading = Loading::default();
        loading.add_repository(&repository, |package| package.own.folder.starts_with(&context.folder));
        let of_repository = loading.packages.len();
        if scope == LockScope::All || loading.packages.iter().any(|one| !one.declarations.is_empty()) {
            let locked = match locked {
                Some(lockfile) => LockedPackages::of_lock(session, &root, lockfile)?,
                None => LockedPackages::of(session, &root)?,
            };
            if scope == LockScope::All {
                loading.add_all_locked(&locked);
            }
            loading.add_locked(&locked);
        }
        let Loading { packages, stated, folders, missing, .. } = loading;
        let files = AssetMemory::new(context, &root, folders);
        Ok(Self { root, environments, packages, stated, files, searched, of_repository, missing })
    }

    /// Returns whether any package has assets of its own.
    pub(in crate::ops) fn has_assets(&self) -> bool {
        self.packages.iter().any(|package| package.is_own && !package.declarations.is_empty())
    }

    /// Returns the packages.
    pub(in crate::ops) fn packages(&self) -> &[AssetPackage] {
        &self.packages
    }

    /// Returns the place of a package that is checked.
    pub(in crate::ops) fn own_package(&self, name: &PackageName) -> Option<PackageIndex> {
        self.packages.iter().position(|package| package.is_own && package.name.folded() == name.folded())
    }

    /// Returns the place of the repository's package of a name.
    pub(super) fn repository_package(&self, name: &PackageName) -> Option<PackageIndex> {
        self.packages[..self.of_repository].iter().position(|package| package.name.folded() == name.folded())
    }

    /// Returns the private packages that the lines of a package's manifest ask for, resolved or not.
    pub(super) fn stated(&self, package: PackageIndex) -> &[Requirement] {
        &self.stated[package]
    }

    /// Returns the environments that the project declares. `None` of a package that stands alone.
    pub(in crate::ops) fn environments(&self) -> Option<Vec<&str>> {
        Some(self.environments.as_ref()?.iter().map(String::as_str).collect())
    }

    /// Returns the folder of a package on disk.
    pub(in crate::ops) fn folder(&self, package: PackageIndex) -> &Path {
        self.files.folder(package)
    }

    /// Returns the files of the packages.
    pub(in crate::ops) fn files(&self) -> &dyn AssetFiles {
        &self.files
    }

    /// Returns the files and folders that the packages and their references follow from, those of assets as far as they were looked
    /// for. Returns `None` if that is not all: a package that is missing may come to the store at any time.
    pub(super) fn inputs(&self) -> Option<ReferenceInputs> {
        let Searched { folders, manifests, ignore_rules } = &self.searched;
        let in_root = |folders: &[String], file: &str| -> Vec<PathBuf> {
            folders.iter().map(|folder| self.root.join(folder).join(file)).collect()
        };
        let manifests = in_root(manifests, MANIFEST).into_iter();
        let locked = (self.of_repository..self.packages.len()).map(|at| self.folder(at).join(MANIFEST));
        let others = [in_root(ignore_rules, GITIGNORE), self.files.looked_for(), vec![self.root.join(LOCKFILE)]];
        let all = manifests.chain(locked).chain(others.into_iter().flatten());
        let (files, absent) = all.partition(|path| fs::lstat(path).is_ok_and(|stat| stat.is_some()));
        let folders = folders.iter().map(|folder| self.root.join(folder)).collect();
        self.missing.is_empty().then_some(ReferenceInputs { folders, files, absent })
    }

    /// Returns the locked packages that the store lacks, or of which it has what cannot be read.
    pub(super) fn missing(&self) -> impl Iterator<Item = &PackageKey> {
        self.missing.iter()
    }

    /// Returns the assets of all packages.
    pub(in crate::ops) fn set(&self) -> AssetSet<'_> {
        AssetSet::new(self.packages.clone(), &self.files)
    }

    /// Returns what is wrong with the packages' own assets. What did not change since an earlier command is not read again.
    pub(in crate::ops) fn check(&self, set: &AssetSet<'_>) -> Vec<SourceFinding> {
        let (findings, records) = set.check_since(self.files.recall(), self.environments().as_deref(), threads());
        self.files.keep(records);
        findings
    }

    /// Returns what is to be said of the assets of all packages and their references. Those of assets that did not change since an
    /// earlier command are not read again.
    pub(in crate::ops) fn with_links<T>(&self, say: impl FnOnce(&AssetSet<'_>) -> T) -> T {
        let set = self.set();
        let records = set.read_links_since(self.files.recall(), self.environments().as_deref(), threads());
        self.files.keep(records);
        say(&set)
    }
}

/// Returns the repositories in a folder, besides the one at `own`; each with its name in the folder, and where larder would be started
/// in it.
pub(super) fn repositories<'c>(context: &Context<'c>, folder: &Path, own: &Path) -> Result<Vec<(String, Context<'c>)>> {
    let own = fs::canonicalize(own)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)?.into_iter().filter(|entry| entry.kind == fs::Kind::Folder) {
        let path = folder.join(&entry.path);
        if fs::stat(&path.join(MANIFEST))?.is_none() || fs::canonicalize(&path)? == own {
            continue;
        }
        let context = Context { folder: fs::canonicalize(&path)?, ..context.clone() };
        found.push((entry.path.display().to_string(), context));
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

/// Packages as they are found.
#[derive(Default)]
struct Loading {
    packages: Vec<AssetPackage>,
    /// The private packages that the lines of each one's manifest ask for.
    stated: Vec<Vec<Requirement>>,
    folders: Vec<PathBuf>,
    /// The private packages that packages ask for and that were not looked for yet: who asks, and for what.
    wanted: Vec<(PackageIndex, Requirement)>,
    /// The locked packages that were found, by their keys.
    known: BTreeMap<PackageKey, PackageIndex>,
    /// The locked packages that the store lacks, or of which it has what cannot be read.
    missing: BTreeSet<PackageKey>,
}

impl Loading {
    /// Adds the packages of the repository.
    fn add_repository(&mut self, repository: &Repository, is_own: impl Fn(&Discovered) -> bool) {
        for package in &repository.packages {
            self.add(&package.own.manifest, &package.folder, package.own.folder.clone(), is_own(package));
        }
        for (at, package) in repository.packages.iter().enumerate() {
            // Packages have the same places there and here.
            for needed in &package.needs {
                let name = repository.packages[*needed].name().folded().into_owned();
                self.packages[at].dependencies.insert(name, *needed);
            }
        }
    }

    /// Adds a package and what it asks for.
    fn add(&mut self, manifest: &Manifest, shown: &str, folder: PathBuf, is_own: bool) -> Option<PackageIndex> {
        let package = manifest.package.as_ref()?;
        let at = self.packages.len();
        self.packages.push(AssetPackage {
            name: package.name.value.clone(),
            version: package.version.value.clone(),
            manifest: if shown.is_empty() { MANIFEST.into() } else { format!("{shown}/{MANIFEST}").into() },
            text: Arc::clone(&manifest.text),
            folder: shown.into(),
            declarations: manifest.assets.clone(),
            dependencies: BTreeMap::new(),
            absent: BTreeMap::new(),
            is_own,
        });
        self.folders.push(folder);
        let private = |line: &DependencyLine| match &line.spec {
            DependencySpec::Package(requirement) if requirement.ecosystem().has_assets() => Some(requirement.clone()),
            _ => None,
        };
        let features = package.features.iter().flat_map(|feature| &feature.dependencies);
        let wanted: Vec<Requirement> = manifest.dependencies.iter().chain(features).filter_map(private).collect();
        self.stated.push(wanted.clone());
        self.wanted.extend(wanted.into_iter().map(|requirement| (at, requirement)));
        Some(at)
    }

    /// Adds all private packages of a lock, but for those of the repository.
    fn add_all_locked(&mut self, locked: &LockedPackages) {
        let own: BTreeSet<String> = self.packages.iter().map(|one| one.name.folded().into_owned()).collect();
        let private = locked.packages().map(|(key, _)| key).filter(|key| key.id.ecosystem.has_assets());
        for key in private.filter(|key| !own.contains(&*key.id.name.folded())) {
            self.add_tree(key, locked);
        }
    }

    /// Adds the locked packages that are asked for, and those that these ask for in turn.
    fn add_locked(&mut self, locked: &LockedPackages) {
        while let Some((at, requirement)) = self.wanted.pop() {
            let name = requirement.package().name.folded().into_owned();
            if self.packages[at].dependencies.contains_key(&name) {
                continue;
            }
            let fits = |(key, _): &(&PackageKey, &Package)| {
                key.id.ecosystem.has_assets() && key.id.name.folded() == name && requirement.matches(&key.version)
            };
            let Some((key, _)) = locked.packages().filter(fits).last() else {
                self.packages[at].absent.insert(name, "larder.lock has no version of it that fits".to_owned());
                continue;
            };
            if let Some(found) = self.add_tree(key, locked) {
                self.packages[at].dependencies.insert(name, found);
            } else {
                self.packages[at].absent.insert(name, "the store does not have it".to_owned());
            }
        }
    }

    /// Adds a locked package, unless it is there, as far as the store has it.
    fn add_tree(&mut self, key: &PackageKey, locked: &LockedPackages) -> Option<PackageIndex> {
        if let Some(known) = self.known.get(key) {
            return Some(*known);
        }
        let shown = format!("{}-{}", key.id.name, key.version);
        let folder = locked.trees.get(key).map(|tree| &tree.folder);
        let found = folder.and_then(|folder| self.add(&read_locked(folder)?, &shown, folder.clone(), false));
        match found {
            Some(found) => drop(self.known.insert(key.clone(), found)),
            None => drop(self.missing.insert(key.clone())),
        }
        found
    }
}

/// Reads the manifest of a package in the store.
fn read_locked(folder: &Path) -> Option<Manifest> {
    let text = fs::read_text_below(folder, MANIFEST, &[folder], MAX_FILE)?;
    manifest::parse(MANIFEST, &text, ManifestKind::Package).ok()
}

/// What a lock has, with the trees that are in the store.
#[derive(Default)]
pub(in crate::ops) struct LockedPackages {
    lockfile: Lockfile,
    trees: BTreeMap<PackageKey, Tree>,
}

impl LockedPackages {
    /// Reads those of the project's lock. Without a lock there are none.
    fn of(session: &Session<'_>, root: &Path) -> Result<Self> {
        let Some(lockfile) = lockfile::read(root)?.lockfile() else { return Ok(Self::default()) };
        Self::of_lock(session, root, lockfile)
    }

    /// Reads those of a lock.
    pub(in crate::ops) fn of_lock(session: &Session<'_>, root: &Path, lockfile: Lockfile) -> Result<Self> {
        let project = Project::as_locked(root.to_owned(), &lockfile)?;
        let private = lockfile.graph.packages.iter().filter(|(key, _)| key.id.ecosystem.has_assets());
        let trees = locked_trees::of(session, &project, private, MissingTrees::LeftOut)?;
        Ok(Self { lockfile, trees })
    }

    /// Returns the packages, those of one name in the order of their versions.
    fn packages(&self) -> impl Iterator<Item = (&PackageKey, &Package)> {
        self.lockfile.graph.packages.iter()
    }
}
