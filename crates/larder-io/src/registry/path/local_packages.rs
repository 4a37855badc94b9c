//! The project's local packages by name, and how requirements match them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::{PathKind, manifest_path, python_manifest};
use crate::manifest::{self, DependencyLine, DependencySpec};
use crate::model::{
    Catalogs, Ecosystem, Extension, ExtraName, FeatureName, Marker, PackageId, PackageName, Requirement, TreeDigest,
    Version,
};
use crate::resolve::Dependency;

/// The local packages, by name and by the ecosystem of the manifest that declares the name.
#[derive(Clone, Debug, Default)]
pub struct LocalPackageIndex {
    /// The packages that declare each name, in the order in which they were added.
    by_name: BTreeMap<(Ecosystem, PackageName), Vec<IndexedPackage>>,
    /// The package in each folder, those that are asked for by their folders alone too.
    by_folder: BTreeMap<Arc<str>, IndexedPackage>,
    /// The folder of each path package.
    folders: BTreeMap<PackageName, Arc<str>>,
    /// The names that are answered to packages of registries too.
    answered: BTreeSet<(Ecosystem, PackageName)>,
    /// The catalogs of the project, to which local packages' manifests may refer.
    pub(super) catalogs: Catalogs,
    /// What local packages use and do not declare.
    extensions: Vec<Extension>,
    /// The features that lines ask private packages for, by the packages' names.
    asked_features: BTreeMap<PackageName, BTreeSet<ExtraName>>,
    /// The folders that lines link, each with the name: it is the package's, whether a build has made it or not.
    linked: BTreeMap<Arc<str>, PackageName>,
    /// What the lock has of packages that a build makes and that are not there, by their folders.
    locked: BTreeMap<Arc<str>, (Version, Vec<Dependency>)>,
    /// The folders that lines ask for as they are, relative to the root: with the default features.
    asked_folders: BTreeSet<Arc<str>>,
}

/// A local package, as requirements refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedPackage {
    /// Its folder, relative to the root.
    pub folder: Arc<str>,
    /// Its name as a path package: the name in the first of its manifests; if another folder has it, one made of its folder.
    pub package: PackageName,
    /// Its version, as the manifest of that ecosystem has it. `None` if the manifest has none, or a build computes it.
    pub version: Option<String>,
    /// The features that its larder.kdl declares.
    features: Arc<[ExtraName]>,
}

/// The result of looking for a requirement among the local packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalMatch {
    /// No local package has the name, so the package comes from a registry.
    None,
    /// A local package satisfies the requirement. Has the requirement for its folder.
    Satisfied(Requirement),
    /// A local package has the name, but its version does not match.
    OtherVersion(IndexedPackage),
    /// Two local packages have the name, and both satisfy the requirement.
    Ambiguous(Arc<str>, Arc<str>),
}

impl LocalPackageIndex {
    /// Returns one without packages.
    pub fn new(catalogs: Catalogs) -> Self {
        Self { catalogs, ..Self::default() }
    }

    /// Adds the names that the manifests in a folder declare. A name that another folder has declared in the same ecosystem is returned with
    /// that folder: nobody can ask for one of the two by it. Where another folder has the name, in whatever ecosystem, the package is called
    /// by its folder.
    pub fn add(&mut self, root: &Path, folder: &Arc<str>) -> Option<(PackageName, Arc<str>)> {
        let declared = DeclaredIdentity::all(root, folder, &self.catalogs);
        let package = self.unique_name(folder, &declared)?;
        let mut taken = None;
        for declared in declared {
            self.note_lines(folder, &declared.lines);
            let Some(name) = declared.package() else { continue };
            let local = IndexedPackage {
                folder: folder.clone(),
                package: package.clone(),
                version: declared.version,
                features: declared.features,
            };
            self.note(&local);
            let known = self.by_name.entry((declared.kind.ecosystem(), name.clone())).or_default();
            if let Some(first) = known.first().filter(|first| first.folder != *folder) {
                taken.get_or_insert((name, first.folder.clone()));
            }
            if known.iter().all(|one| one.folder != *folder) {
                known.push(local);
            }
        }
        taken
    }

    /// Adds the package in a folder that one of the root's lines links under a name, like [`Self::add`]; one that is not built yet too.
    pub fn add_linked(&mut self, root: &Path, folder: &Arc<str>, asked: &PackageName) {
        if self.in_folder(folder).is_none() {
            self.linked.insert(folder.clone(), asked.clone());
            // Two of one name are an error of who asks for one by it.
            self.add(root, folder);
            self.add_folder(root, folder, Some(asked));
        }
    }

    /// Adds a package that is asked for by its folder, where a build may make it: it has the name that is `asked` for, built or not. Returns
    /// whether it is called by another name than that in its manifest.
    pub fn add_folder(&mut self, root: &Path, folder: &Arc<str>, asked: Option<&PackageName>) -> bool {
        if self.in_folder(folder).is_some() {
            return false;
        }
        let declared = DeclaredIdentity::all(root, folder, &self.catalogs);
        for one in &declared {
            self.note_lines(folder, &one.lines);
        }
        if let Some(asked) = asked {
            self.linked.insert(folder.clone(), asked.clone());
        }
        let Some(package) = self.unique_name(folder, &declared) else { return false };
        let first = declared.into_iter().next();
        let own = first.as_ref().map_or_else(|| asked.cloned(), DeclaredIdentity::package);
        // One without a name of its own is called by its folder where nobody links it.
        let is_renamed = own.is_none_or(|own| own != package);
        let (version, features) = first.map_or_else(Default::default, |first| (first.version, first.features));
        self.note(&IndexedPackage { folder: folder.clone(), package, version, features });
        is_renamed
    }

    /// Notes what the lock has of a package that a build makes: while it is not there, that holds.
    pub fn keep_locked(&mut self, folder: Arc<str>, version: Version, dependencies: Vec<Dependency>) {
        self.locked.insert(folder, (version, dependencies));
    }

    /// Returns the version and the dependencies that the lock has of the package that a build makes in a folder.
    pub(super) fn locked(&self, folder: &str) -> Option<&(Version, Vec<Dependency>)> {
        self.locked.get(folder)
    }

    /// Notes which features the lines of a folder's larder.kdl ask private packages for.
    pub fn note_lines<'l>(&mut self, folder: &str, lines: impl IntoIterator<Item = &'l DependencyLine>) {
        for line in lines {
            match &line.spec {
                DependencySpec::Package(requirement) if requirement.ecosystem().has_features() => {
                    let asked = self.asked_features.entry(requirement.package().name).or_default();
                    asked.extend(requirement.extras().iter().cloned());
                }
                DependencySpec::Package(_) => {}
                DependencySpec::Folder(spec) => drop(self.asked_folders.insert(super::join(folder, &spec.folder))),
            }
        }
    }

    /// Returns the features that a local package has: those of all lines that ask for it, else the default ones.
    pub fn features_of(&self, folder: &str, name: &PackageName) -> BTreeSet<ExtraName> {
        let asked = self.asked_features.get(name);
        let mut features = asked.cloned().unwrap_or_default();
        if asked.is_none() || self.asked_folders.contains(folder) {
            features.extend(FeatureName::DEFAULT.parse());
        }
        features
    }

    /// Notes which package is in a folder.
    fn note(&mut self, local: &IndexedPackage) {
        self.folders.insert(local.package.clone(), local.folder.clone());
        self.by_folder.entry(local.folder.clone()).or_insert_with(|| local.clone());
    }

    /// Returns a name that no other folder has: the declared one, or that under which a folder is linked that a build makes; that of the
    /// folder; one made of its path. `None` if nothing is in the folder and nothing links it.
    fn unique_name(&self, folder: &Arc<str>, declared: &[DeclaredIdentity]) -> Option<PackageName> {
        let may_be_built = super::may_be_built(folder) && declared.iter().all(|one| one.kind == PathKind::PackageJson);
        let own = match self.linked.get(folder).filter(|_| may_be_built) {
            Some(linked) => Some(linked.clone()),
            None => declared.first()?.package(),
        };
        let is_free = |name: &PackageName| self.folder(name).is_none_or(|other| other == folder);
        let made = |name: &str| PackageName::npm(name).ok().filter(is_free);
        own.filter(is_free)
            .or_else(|| made(folder.rsplit('/').next().unwrap_or(folder)))
            .or_else(|| made(&folder.to_lowercase().replace('/', "-")))
            .or_else(|| {
                let digest = TreeDigest::of(folder.as_bytes()).to_string();
                made(&format!("folder-{}", digest.get(..16).unwrap_or(&digest)))
            })
    }

    /// Lets the packages in some folders answer what packages of registries ask for by their names, where an environment has one
    /// package of a name: the registry's copy of a package never stands beside the project's own. `is_routed` tells the names that
    /// a line takes from a registry.
    pub fn answer_registries(&mut self, folders: &BTreeSet<Arc<str>>, is_routed: impl Fn(&PackageId) -> bool) {
        let answers = |(ecosystem, name): &(Ecosystem, PackageName), local: &IndexedPackage| {
            let is_open = || !is_routed(&PackageId::new(*ecosystem, name.clone()));
            ecosystem.shares_one_folder() && folders.contains(&local.folder) && is_open()
        };
        let firsts = self.by_name.iter().filter_map(|(key, all)| Some((key, all.first()?)));
        self.answered = firsts.filter(|(key, local)| answers(key, local)).map(|(key, _)| key.clone()).collect();
    }

    /// Takes the extensions of local packages, and returns those of others. A name that one of the project's own packages has means that
    /// one.
    #[must_use]
    pub fn take_extensions(&mut self, extensions: Vec<Extension>) -> Vec<Extension> {
        let is_local = |one: &Extension| self.get(one.package.ecosystem, &one.package.name).is_some();
        let (own, others): (Vec<_>, Vec<_>) = extensions.into_iter().partition(is_local);
        self.extensions.extend(own);
        others
    }

    /// Returns what the packages in a folder use and do not declare.
    pub fn extensions_of<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Requirement> {
        let is_there = move |one: &&Extension| {
            self.of_name(one.package.ecosystem, &one.package.name).iter().any(|local| *local.folder == *folder)
        };
        self.extensions.iter().filter(is_there).map(|one| &one.dependency)
    }

    /// Returns whether a name is answered to packages of registries too.
    pub(in crate::registry) fn answers(&self, requirement: &Requirement) -> bool {
        let id = requirement.package();
        !self.answered.is_empty() && self.answered.contains(&(id.ecosystem, id.name))
    }

    /// Returns all local packages that have a name in an ecosystem.
    pub fn of_name(&self, ecosystem: Ecosystem, name: &PackageName) -> &[IndexedPackage] {
        self.by_name.get(&(ecosystem, name.clone())).map_or(&[], Vec::as_slice)
    }

    /// Returns the names that local packages have in an ecosystem, sorted.
    pub fn names(&self, ecosystem: Ecosystem) -> impl Iterator<Item = &PackageName> {
        self.by_name.keys().filter(move |(of, _)| *of == ecosystem).map(|(_, name)| name)
    }

    /// Returns whether two folders declare one name in an ecosystem: an npm and a Python package of one name are told apart.
    pub fn share_a_name(&self, one: &str, other: &str) -> bool {
        let has = |all: &[IndexedPackage], folder: &str| all.iter().any(|local| *local.folder == *folder);
        self.by_name.values().any(|all| has(all, one) && has(all, other))
    }

    /// Returns the local package that has a name in an ecosystem, the first of several.
    pub fn get(&self, ecosystem: Ecosystem, name: &PackageName) -> Option<&IndexedPackage> {
        self.of_name(ecosystem, name).first()
    }

    /// Returns whether it has no packages.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Returns the package in a folder.
    pub fn in_folder(&self, folder: &str) -> Option<&IndexedPackage> {
        self.by_folder.get(folder)
    }

    /// Returns the folder of the path package that has a name.
    pub(in crate::registry) fn folder(&self, package: &PackageName) -> Option<&Arc<str>> {
        self.folders.get(package)
    }

    /// Looks for the local package of a requirement's name, and compares its version.
    pub fn find_match(&self, requirement: &Requirement) -> LocalMatch {
        let id = requirement.package();
        let of_name = self.of_name(id.ecosystem, &id.name);
        let Some(first) = of_name.first() else { return LocalMatch::None };
        let mut satisfying = of_name.iter().filter(|local| local.satisfies(requirement));
        match (satisfying.next(), satisfying.next()) {
            (None, _) => LocalMatch::OtherVersion(first.clone()),
            (Some(local), None) => {
                let marker = requirement.marker().cloned().unwrap_or_default();
                LocalMatch::Satisfied(local.requirement(requirement.seen_as(), marker))
            }
            (Some(one), Some(other)) => LocalMatch::Ambiguous(one.folder.clone(), other.folder.clone()),
        }
    }
}

impl IndexedPackage {
    /// Returns a package that satisfies every requirement.
    pub(super) fn in_folder(folder: Arc<str>, package: PackageName) -> Self {
        Self { folder, package, version: None, features: Arc::default() }
    }

    /// Returns the package that the root's package.json describes, with the name that it has there: where the root is a Python package too,
    /// it is called as that. `None` if there is none, or the root is a private package.
    pub(super) fn of_root(root: &Path) -> Option<(PackageName, Self)> {
        let own = super::read_text(root, PathKind::LarderKdl.file()).ok().flatten();
        if own.is_some_and(|text| manifest::declared_package(&text).is_some()) {
            return None;
        }
        let mut declared = DeclaredIdentity::all(root, "", &Catalogs::default());
        let package = declared.first()?.package();
        let at = declared.iter().position(|one| one.kind == PathKind::PackageJson)?;
        let of_npm = declared.swap_remove(at);
        let name = of_npm.package()?;
        let package = package.unwrap_or_else(|| name.clone());
        Some((name, Self { folder: Arc::default(), package, version: of_npm.version, features: of_npm.features }))
    }

    /// Returns a requirement for the package's folder, with an alias and a condition.
    pub fn requirement(&self, alias: &PackageName, marker: Marker) -> Requirement {
        Requirement::path(alias.clone(), self.package.clone(), self.folder.clone(), marker)
    }

    /// Returns the first feature that a requirement asks for and the package does not declare.
    pub(super) fn missing_feature<'r>(&self, requirement: &'r Requirement) -> Option<&'r ExtraName> {
        let is_there = |name: &ExtraName| name.as_str() == FeatureName::DEFAULT || self.features.contains(name);
        requirement.extras().iter().filter(|_| requirement.ecosystem().has_features()).find(|name| !is_there(name))
    }

    /// Returns the features that it declares.
    pub(super) fn features(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(ExtraName::as_str)
    }

    /// Returns whether the version satisfies a requirement. A package without a version satisfies every requirement, and a
    /// pre-release satisfies a requirement for any version.
    pub(super) fn satisfies(&self, requirement: &Requirement) -> bool {
        let Some(version) = &self.version else { return true };
        requirement.accepts_any_version()
            || Version::parse(requirement.ecosystem(), version).is_ok_and(|version| requirement.matches(&version))
    }
}

impl std::fmt::Display for IndexedPackage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = self.version.as_deref().unwrap_or("no version");
        write!(f, "{} ({version}) in `{}`", self.package, self.folder)
    }
}

impl PathKind {
    /// Returns the ecosystem in which requirements refer to a manifest's name.
    pub(super) fn ecosystem(self) -> Ecosystem {
        match self {
            Self::LarderKdl => Ecosystem::Larder,
            Self::PackageJson => Ecosystem::Npm,
            Self::Pyproject => Ecosystem::Pypi,
        }
    }
}

/// The name and the version in a manifest, as written; and of a larder.kdl, the features that it declares and its lines.
struct DeclaredIdentity {
    kind: PathKind,
    name: Option<String>,
    version: Option<String>,
    features: Arc<[ExtraName]>,
    lines: Vec<DependencyLine>,
}

#[derive(Deserialize)]
struct PackageJsonIdentity {
    name: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
}

impl DeclaredIdentity {
    /// Reads the manifests of a folder.
    fn all(root: &Path, folder: &str, catalogs: &Catalogs) -> Vec<Self> {
        PathKind::in_folder(folder).into_iter().filter_map(|kind| Self::read(root, folder, kind, catalogs)).collect()
    }

    /// Reads a manifest. Returns `None` if it does not exist or cannot be read; the reason is reported when the package is needed.
    fn read(root: &Path, folder: &str, kind: PathKind, catalogs: &Catalogs) -> Option<Self> {
        let file = manifest_path(folder, kind);
        let text = super::read_text(root, &file).ok()?;
        // A Python package may have none but setup.cfg and setup.py.
        let text = if kind == PathKind::Pyproject { text.unwrap_or_default() } else { text? };
        let (mut features, mut lines) = (Arc::default(), Vec::new());
        let (name, version) = match kind {
            PathKind::LarderKdl => {
                let member = manifest::ManifestKind::Member(catalogs);
                let kind = if folder.is_empty() { manifest::ManifestKind::Root } else { member };
                let manifest = manifest::parse(&file, &text, kind).ok()?;
                let declared = manifest.package.iter().flat_map(|package| &package.features);
                features = declared.clone().filter_map(|feature| feature.name.value.as_str().parse().ok()).collect();
                lines.extend(declared.flat_map(|feature| &feature.dependencies).cloned());
                let grouped = manifest.groups.iter().flat_map(|group| &group.dependencies);
                lines.extend(manifest.dependencies.iter().chain(grouped).cloned());
                let (name, version) = manifest.identity().unzip();
                (name.map(str::to_owned), version.flatten().map(ToString::to_string))
            }
            PathKind::PackageJson => {
                let json: PackageJsonIdentity = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
                let text = |value: Option<serde_json::Value>| value?.as_str().map(str::to_owned);
                (text(json.name), text(json.version))
            }
            PathKind::Pyproject => python_manifest::identity(root, folder, &text)?,
        };
        Some(Self { kind, name, version, features, lines })
    }

    fn package(&self) -> Option<PackageName> {
        let name = self.name.as_deref()?;
        match self.kind {
            // The name of a `project` need not be one of a private package.
            PathKind::LarderKdl => PackageName::npm(name).ok(),
            PathKind::PackageJson | PathKind::Pyproject => PackageName::parse(self.kind.ecosystem(), name).ok(),
        }
    }
}
