//! Local packages: folders of the checkout, whose own manifests have their names, versions and dependencies.

mod larder_kdl;
mod listing;
mod local_packages;
mod package_json;
mod pyproject;
mod python_manifest;
mod unbuilt;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure, nearest};
use crate::fs;
use crate::license::Declaration;
use crate::model::{ExtraName, Facts, Label, Marker, PackageName, Requirement, Source, Version, folder_text};
use crate::resolve::{Dependency, DependencyKind, Wants};

pub(super) use listing::PathListing;
pub use local_packages::{IndexedPackage, LocalMatch, LocalPackageIndex};
pub use unbuilt::may_be_built;

/// The package in a folder.
#[derive(Clone, Debug)]
pub struct PathPackage {
    /// Its name. If its manifest has none, or another folder has that name, the folder's name.
    pub name: PackageName,
    /// The name under which dependents see it that give it none: the one in its manifest, else the folder's.
    pub seen_as: PackageName,
    /// Its version, as its manifest has it. `None` if that has none, or a build computes it.
    pub declared_version: Option<Version>,
    /// What its manifest says of its license.
    pub license: Declaration,
    /// The kind of its manifest.
    pub kind: PathKind,
    /// Its dependencies.
    pub dependencies: Vec<Dependency>,
    /// Its extras, if it is a Python package.
    pub extras: Vec<ExtraName>,
    /// The features that it was read with, if it is a private package.
    pub features: BTreeSet<ExtraName>,
    /// Its development dependencies: `devDependencies` as group `dev`, Python's dependency groups, or larder's groups.
    pub groups: BTreeMap<Label, Vec<Dependency>>,
    /// The metadata that `sync` needs.
    pub facts: Facts,
    /// The places outside of registries that its dependencies are to come from, each with the group that asks.
    pub sources: Vec<(Option<Label>, Requirement, Source)>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
    /// The file, relative to the root, that has its version computed by a build.
    pub computed_version: Option<String>,
    /// Subfolders whose lists of files are inputs too, relative to the folder: npm's `directories.bin`.
    pub listed: Vec<String>,
    /// The further files that its manifest takes something from, or would if they were there, relative to the folder.
    pub files: Vec<String>,
    /// Whether it is a Python package that a build backend builds: as a member it can be imported, whoever asks for it.
    pub is_installed: bool,
    /// `engines.node` of its package.json. Locks do not keep it, because the folder is present.
    pub node: Option<String>,
}

/// The kind of a folder's manifest. If a folder has several manifests, the first kind counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathKind {
    /// `larder.kdl`
    LarderKdl,
    /// `package.json`
    PackageJson,
    /// `pyproject.toml`
    Pyproject,
}

impl PathKind {
    /// Every kind, in the order in which they are looked for.
    pub const ALL: [Self; 3] = [Self::LarderKdl, Self::PackageJson, Self::Pyproject];

    /// Returns the kinds in the order in which they are looked for in a folder. The larder.kdl of the root, whose folder is empty, is
    /// the project's: as a package the root is its pyproject.toml, else its package.json.
    fn in_folder(folder: &str) -> [Self; 3] {
        if folder.is_empty() { [Self::Pyproject, Self::PackageJson, Self::LarderKdl] } else { Self::ALL }
    }

    /// Returns the manifest's file name.
    pub fn file(self) -> &'static str {
        match self {
            Self::LarderKdl => "larder.kdl",
            Self::PackageJson => "package.json",
            Self::Pyproject => "pyproject.toml",
        }
    }
}

/// The reason why a local package cannot be read.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
pub enum LocalPackageError {
    /// The folder has no manifest.
    #[error(
        "`{folder}` holds no package: there is no larder.kdl, package.json or pyproject.toml in it{}",
        asked_by.as_ref().map(|file| format!("; {file} asks for it")).unwrap_or_default()
    )]
    #[diagnostic(
        code(larder::path::no_manifest),
        help(
            "check the folder's name, or write a larder.kdl with a `project`; {}",
            if asked_by.is_some() { "`members \"!FOLDER\"` leaves out the member that asks for it" } else { "where a build makes an npm package there, `name=\"NAME\"` links it" }
        )
    )]
    NoManifest {
        /// The folder, relative to the root.
        folder: String,
        /// The manifest that asks for it, unless that is shown.
        asked_by: Option<String>,
    },
    /// A file is linked where a folder is to be.
    #[error("`{path}` is no folder")]
    #[diagnostic(
        code(larder::path::no_folder),
        help("name the folder of a package, or the one in which a build makes it")
    )]
    NoFolder {
        /// The file, relative to the root.
        path: String,
    },
    /// The manifest is invalid.
    #[error("{file} cannot be read: {reason}")]
    #[diagnostic(code(larder::path::bad_manifest), help("correct the file; other tools read it too"))]
    BadManifest {
        /// The manifest, relative to the root.
        file: String,
        /// The reason.
        reason: String,
    },
    /// The larder.kdl has errors.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(Arc<dyn Failure>),
    /// A field is computed by a build.
    #[error("{file} has its {field} computed when it is built, and no file says them literally")]
    #[diagnostic(
        code(larder::path::dynamic),
        help(
            "write `{field}{}` into `[project]` of the pyproject.toml beside it, or let larder.kdl say what it needs: `resolution {{ \
             extend pypi \"{}\" {{ pypi \"OTHER\" \"RANGE\"; }}; }}`; larder runs no build tools to read a manifest",
            if field == "dependencies" { " = [...]" } else { ".NAME = [...]" },
            package.as_deref().unwrap_or("NAME")
        )
    )]
    Computed {
        /// The manifest, relative to the root.
        file: String,
        /// The field of `[project]`.
        field: String,
        /// The name of the project.
        package: Option<String>,
    },
    /// An extra is asked for that the package does not have.
    #[error("{file} has no extra `{extra}`")]
    #[diagnostic(code(larder::path::no_extra), help("{}", if known.is_empty() { "it has none".to_owned() } else { format!("it has {known}") }))]
    NoExtra {
        /// The manifest, relative to the root.
        file: String,
        /// The extra.
        extra: ExtraName,
        /// The extras that it has.
        known: String,
    },
    /// Two packages of the project have the name that is asked for.
    #[error(
        "{file} asks for `{name}`, which is the name of two packages of this project: `{}` and `{}`",
        folder_text(first),
        folder_text(second)
    )]
    #[diagnostic(
        code(larder::path::same_name),
        help(
            "give one of them another name, leave its folder out (`members \"!FOLDER\"`), or ask for the other by its folder: `file:FOLDER`"
        )
    )]
    SameName {
        /// The manifest, relative to the root.
        file: String,
        /// The name.
        name: PackageName,
        /// The folder of one, relative to the root.
        first: Arc<str>,
        /// That of the other.
        second: Arc<str>,
    },
    /// A line asks for a feature that a local package does not have.
    #[error("{file} asks for the feature `{feature}` of the project's own {package}, which has none of this name")]
    #[diagnostic(
        code(larder::path::unknown_feature),
        help("{}", meant.as_ref().map_or_else(|| "`features` in its larder.kdl says which there are".to_owned(), |meant| format!("did you mean `{meant}`?")))
    )]
    UnknownFeature {
        /// The manifest, relative to the root.
        file: String,
        /// The local package.
        package: String,
        /// The feature.
        feature: String,
        /// The feature with the nearest name.
        meant: Option<String>,
    },
    /// The file system reported an error.
    #[error("{file} cannot be read: {reason}")]
    #[diagnostic(code(larder::path::io), help("check that the file may be read"))]
    Io {
        /// The manifest, relative to the root.
        file: String,
        /// The file system's message.
        reason: String,
    },
}

impl LocalPackageError {
    /// Names the manifest that asks for a folder without a package.
    fn asked_by(self, file: &str) -> Self {
        match self {
            Self::NoManifest { folder, .. } => Self::NoManifest { folder, asked_by: Some(file.to_owned()) },
            other => other,
        }
    }
}

impl Failure for LocalPackageError {
    fn exit(&self) -> Exit {
        match self {
            Self::Io { .. } => Exit::Machine,
            Self::Manifest(failure) => failure.exit(),
            _ => Exit::Manifest,
        }
    }
}

/// A folder with a manifest, and the local packages that the manifest can refer to.
#[derive(Clone, Copy)]
struct ManifestContext<'a> {
    root: &'a Path,
    folder: &'a str,
    local_packages: &'a LocalPackageIndex,
}

/// Reads the package in `folder`. The folder is relative to `root`; an empty one is the root itself.
pub fn read(root: &Path, folder: &str, local_packages: &LocalPackageIndex) -> Result<PathPackage, LocalPackageError> {
    let context = ManifestContext { root, folder, local_packages };
    let (kind, text) = match read_manifest(context) {
        // Who may ask for what a build makes is checked where it is asked for.
        Err(LocalPackageError::NoManifest { .. }) if may_be_built(folder) => return PathPackage::unbuilt(context),
        found => found?,
    };
    let mut package = match kind {
        PathKind::LarderKdl => larder_kdl::read(context, &text)?,
        PathKind::PackageJson => package_json::read(context, &text)?,
        PathKind::Pyproject => pyproject::read(context, &text)?,
    };
    // Both halves of a folder count. Who asks by its name for a Python package that only a build knows is told.
    if kind == PathKind::PackageJson
        && let Some(text) = read_kind(context, PathKind::Pyproject)?
    {
        match pyproject::read(context, &text) {
            Err(why @ LocalPackageError::Computed { .. }) => package.warnings.push(pyproject::left_out(&why)),
            half => package.add_half(half?),
        }
    }
    if let Some(known) = local_packages.in_folder(folder) {
        package.name = known.package.clone();
    }
    if folder.is_empty() && kind == PathKind::PackageJson {
        // The root's `node_modules` has what the project's own lines ask for.
        package.dependencies.clear();
        package.groups.clear();
    }
    package.extend(context)?;
    package.split_sources();
    Ok(package)
}

/// Fails if there is no package in `folder`, which is relative to `root`.
pub fn check_is_there(root: &Path, folder: &str, local_packages: &LocalPackageIndex) -> Result<(), LocalPackageError> {
    read_manifest(ManifestContext { root, folder, local_packages }).map(drop)
}

/// Returns the root's own npm package, if that is its name: members and overrides mean it with `workspace:`. `None` where the root is a
/// private package: it is taken as that.
pub fn root_package(root: &Path, name: &PackageName) -> Option<IndexedPackage> {
    IndexedPackage::of_root(root).filter(|(own, _)| own == name).map(|(_, package)| package)
}

impl PathPackage {
    /// Returns its version: 0.0.0 if its manifest has none.
    pub fn version(&self) -> Version {
        self.declared_version.clone().unwrap_or_else(|| semver::Version::new(0, 0, 0).into())
    }

    /// Returns a requirement for the package, which is in `folder`.
    pub fn requirement(&self, folder: Arc<str>) -> Requirement {
        Requirement::path(self.seen_as.clone(), self.name.clone(), folder, Marker::default())
    }

    /// Adds what `extend` lines say that the package uses and does not declare. A peer becomes a dependency.
    fn extend(&mut self, context: ManifestContext<'_>) -> Result<(), LocalPackageError> {
        let for_extra = |added: &&Requirement| added.marker().is_some_and(|marker| !marker.extras().is_empty());
        for added in context.local_packages.extensions_of(context.folder).filter(|added| !for_extra(added)) {
            let is_same = |dependency: &Dependency| dependency.wants.seen_as() == added.seen_as();
            if self.dependencies.iter().any(|dependency| is_same(dependency) && !dependency.kind.is_peer()) {
                continue;
            }
            self.dependencies.retain(|dependency| !is_same(dependency));
            let declared = dependency(DependencyKind::Normal, added.clone());
            let resolved = context.resolve(Some(&self.name), declared, self.kind)?;
            self.dependencies.extend(resolved.dependencies);
            self.warnings.extend(resolved.warning);
        }
        Ok(())
    }

    /// Takes dependencies on sources apart: what is asked for, and where it is to come from.
    fn split_sources(&mut self) {
        let plain = self.dependencies.iter_mut().map(|dependency| (None, dependency));
        let grouped =
            self.groups.iter_mut().flat_map(|(group, list)| list.iter_mut().map(move |one| (Some(group), one)));
        for (group, dependency) in plain.chain(grouped) {
            if let Wants::Source { requirement, source, .. } = &dependency.wants {
                self.sources.push((group.cloned(), requirement.clone(), source.clone()));
                dependency.wants = Wants::Requirement(requirement.clone());
            }
        }
    }

    /// Adds what another manifest of the same folder declares. The name stays, and what else both say.
    fn add_half(&mut self, other: Self) {
        self.declared_version = self.declared_version.take().or(other.declared_version);
        if self.license == Declaration::default() {
            self.license = other.license;
        }
        self.dependencies.extend(other.dependencies);
        self.extras.extend(other.extras);
        for (group, dependencies) in other.groups {
            self.groups.entry(group).or_default().extend(dependencies);
        }
        self.facts.requires_python = self.facts.requires_python.take().or(other.facts.requires_python);
        self.facts.bin |= other.facts.bin;
        self.warnings.extend(other.warnings);
        self.computed_version = self.computed_version.take().or(other.computed_version);
        self.listed.extend(other.listed);
        self.files.extend(other.files);
        self.is_installed |= other.is_installed;
    }
}

/// A dependency after local packages were substituted.
#[derive(Clone, Debug, Default)]
pub struct ResolvedDependency {
    /// The dependency itself; or the local package of its name, with the dependencies of the requested extras.
    pub dependencies: Vec<Dependency>,
    /// A warning for the user.
    pub warning: Option<String>,
}

/// Resolves a line of the larder.kdl in `folder`: to the local package of its name, if there is one whose version matches.
pub fn resolve(
    root: &Path,
    folder: &str,
    local_packages: &LocalPackageIndex,
    kind: DependencyKind,
    requirement: &Requirement,
) -> Result<ResolvedDependency, LocalPackageError> {
    let declared = dependency(kind, requirement.clone());
    ManifestContext { root, folder, local_packages }.resolve(None, declared, PathKind::LarderKdl)
}

/// Returns what the extras of the Python package in `folder` ask for.
pub fn extras(
    root: &Path,
    folder: &str,
    local_packages: &LocalPackageIndex,
    extras: &[ExtraName],
) -> Result<Vec<Dependency>, LocalPackageError> {
    pyproject::extras(ManifestContext { root, folder, local_packages }, extras)
}

/// Puts the project's own packages in the place of what a package of a registry asks for by their names. Returns for each of its
/// dependencies what it comes to, or `None` if none of them names a local package.
pub(super) fn answered(
    root: &Path,
    local_packages: &LocalPackageIndex,
    dependencies: &[Dependency],
) -> Result<Option<Vec<Vec<Dependency>>>, LocalPackageError> {
    let is_answered = |dependency: &Dependency| match &dependency.wants {
        Wants::Requirement(requirement) => local_packages.answers(requirement),
        Wants::Source { .. } | Wants::Unsupported { .. } => false,
    };
    if !dependencies.iter().any(is_answered) {
        return Ok(None);
    }
    let context = ManifestContext { root, folder: "", local_packages };
    let answer = |dependency: &Dependency| {
        if is_answered(dependency) {
            pyproject::resolve_dependency(context, None, dependency.clone())
        } else {
            Ok(vec![dependency.clone()])
        }
    };
    dependencies.iter().map(answer).collect::<Result<_, _>>().map(Some)
}

/// Joins two folders. The result has no `.`, and `..` only at its beginning.
pub fn join(base: &str, folder: &str) -> Arc<str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(folder.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/").into()
}

/// The largest manifest that is read, in bytes.
const MAX_MANIFEST_SIZE: u64 = 16 << 20;

/// Reads the manifest of a folder: the first kind that exists.
fn read_manifest(context: ManifestContext<'_>) -> Result<(PathKind, String), LocalPackageError> {
    let ManifestContext { root, folder, .. } = context;
    for kind in PathKind::in_folder(folder) {
        if let Some(text) = read_kind(context, kind)? {
            return Ok((kind, text));
        }
    }
    // One that describes no package is to be named.
    match read_text(root, &manifest_path(folder, PathKind::Pyproject))? {
        Some(text) => Ok((PathKind::Pyproject, text)),
        None => Err(LocalPackageError::NoManifest { folder: folder_text(folder).to_owned(), asked_by: None }),
    }
}

/// Reads the manifest of one kind. A Python package may be described by setup.cfg and setup.py alone: then its pyproject.toml is
/// empty. One that describes no package is none.
fn read_kind(context: ManifestContext<'_>, kind: PathKind) -> Result<Option<String>, LocalPackageError> {
    let text = read_text(context.root, &manifest_path(context.folder, kind))?;
    if kind != PathKind::Pyproject {
        return Ok(text);
    }
    Ok(Some(text.unwrap_or_default()).filter(|text| python_manifest::is_package(context.root, context.folder, text)))
}

/// Reads a manifest, given by its path relative to the root. Returns `None` if it does not exist.
fn read_text(root: &Path, file: &str) -> Result<Option<String>, LocalPackageError> {
    use std::io::ErrorKind::{FileTooLarge, InvalidInput, IsADirectory};

    let bad = |reason: String| LocalPackageError::BadManifest { file: file.to_owned(), reason };
    match fs::read_up_to(&root.join(file), MAX_MANIFEST_SIZE) {
        Ok(None) => Ok(None),
        Ok(Some(bytes)) => String::from_utf8(bytes).map(Some).map_err(|_| bad("it is not UTF-8".to_owned())),
        Err(error) => {
            let reason = error.source.to_string();
            let is_odd = matches!(error.source.kind(), FileTooLarge | InvalidInput | IsADirectory);
            Err(if is_odd { bad(reason) } else { LocalPackageError::Io { file: file.to_owned(), reason } })
        }
    }
}

/// Returns the path of a folder's manifest, relative to the root.
fn manifest_path(folder: &str, kind: PathKind) -> String {
    if folder.is_empty() { kind.file().to_owned() } else { format!("{folder}/{}", kind.file()) }
}

impl ManifestContext<'_> {
    /// Returns the range that a catalog of the project has for an npm package: `catalog:` and `catalog:default` are the
    /// default one. A range of a catalog is no reference to another.
    fn catalog_range(self, catalog: &str, name: &PackageName) -> Result<Arc<str>, String> {
        let label = match catalog.trim() {
            "" | "default" => None,
            text => Some(text.parse::<Label>().map_err(|error| error.to_string())?),
        };
        let range = self.local_packages.catalogs.range(label.as_ref(), PathKind::PackageJson.ecosystem(), name)?;
        if range.starts_with("catalog:") {
            Err("a catalog refers to a catalog".to_owned())
        } else {
            Ok(Arc::clone(range))
        }
    }

    fn bad(&self, kind: PathKind, reason: &str) -> LocalPackageError {
        LocalPackageError::BadManifest { file: manifest_path(self.folder, kind), reason: reason.trim().to_owned() }
    }

    /// Parses the name in a manifest. Without one, the folder's name is used.
    fn name(&self, kind: PathKind, name: Option<&str>) -> Result<PackageName, LocalPackageError> {
        let fallback = self.folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("root");
        let name = name.unwrap_or(fallback);
        let name = match kind {
            PathKind::Pyproject => PackageName::pypi(name),
            PathKind::LarderKdl | PathKind::PackageJson => PackageName::npm(name),
        };
        name.map_err(|error| self.bad(kind, &error.to_string()))
    }

    /// Resolves a dependency of this folder's manifest. `dependent` is the folder's package: its dependencies on itself are left out.
    fn resolve(
        &self,
        dependent: Option<&PackageName>,
        dependency: Dependency,
        manifest: PathKind,
    ) -> Result<ResolvedDependency, LocalPackageError> {
        let unchanged = |dependency| ResolvedDependency { dependencies: vec![dependency], warning: None };
        let Wants::Requirement(requirement) = &dependency.wants else { return Ok(unchanged(dependency)) };
        let found = self.local_packages.find_match(requirement);
        if let LocalMatch::Satisfied(found) = &found {
            self.check_features(manifest, requirement, found)?;
        }
        match found {
            LocalMatch::None => Ok(unchanged(dependency)),
            _ if requirement.ecosystem().has_markers() => {
                let dependencies = pyproject::resolve_dependency(*self, dependent, dependency)?;
                Ok(ResolvedDependency { dependencies, warning: None })
            }
            LocalMatch::Ambiguous(first, second) => Err(self.same_name(manifest, requirement, first, second)),
            LocalMatch::Satisfied(requirement) => Ok(unchanged(self::dependency(dependency.kind, requirement))),
            LocalMatch::OtherVersion(local) => {
                let file = manifest_path(self.folder, manifest);
                let (name, range) = (requirement.seen_as(), requirement.range_text());
                let warning = format!(
                    "{file} requires {name} {range}, which the project's own {local} does not satisfy: the package is taken from a registry"
                );
                Ok(ResolvedDependency { dependencies: vec![dependency], warning: Some(warning) })
            }
        }
    }

    /// Fails if a requirement asks for features that the local package it matches does not declare.
    fn check_features(
        &self,
        manifest: PathKind,
        asked: &Requirement,
        found: &Requirement,
    ) -> Result<(), LocalPackageError> {
        let local = found.folder().and_then(|folder| self.local_packages.in_folder(folder));
        let Some((local, feature)) = local.and_then(|local| Some((local, local.missing_feature(asked)?))) else {
            return Ok(());
        };
        let meant = nearest(feature.as_str(), local.features()).map(str::to_owned);
        Err(LocalPackageError::UnknownFeature {
            file: manifest_path(self.folder, manifest),
            package: local.to_string(),
            feature: feature.to_string(),
            meant,
        })
    }

    fn same_name(
        &self,
        manifest: PathKind,
        asked: &Requirement,
        first: Arc<str>,
        second: Arc<str>,
    ) -> LocalPackageError {
        let file = manifest_path(self.folder, manifest);
        LocalPackageError::SameName { file, name: asked.name().clone(), first, second }
    }

    /// Returns a requirement for a folder that is relative to this one. Without an alias, dependents see the package under its own
    /// name.
    fn require_folder(
        &self,
        relative: &str,
        alias: Option<&PackageName>,
        asks: PathKind,
    ) -> Result<Requirement, LocalPackageError> {
        let folder = join(self.folder, relative);
        let context = ManifestContext { folder: &folder, ..*self };
        let (kind, text) = read_manifest(context).map_err(|error| error.asked_by(&manifest_path(self.folder, asks)))?;
        let declared = match kind {
            PathKind::LarderKdl => larder_kdl::name(context, &text)?,
            PathKind::PackageJson => package_json::name(context, &text)?,
            PathKind::Pyproject => python_manifest::name(self.root, &folder, &text)?,
        };
        let own = context.name(kind, declared.as_deref())?;
        let alias = alias.unwrap_or(&own).clone();
        let name = self.local_packages.in_folder(&folder).map_or(own, |known| known.package.clone());
        Ok(Requirement::path(alias, name, folder, Marker::default()))
    }
}

/// Returns a dependency. A peer on a local package becomes a normal dependency, because there is only one instance of a local package.
fn dependency(kind: DependencyKind, requirement: Requirement) -> Dependency {
    let kind = match kind {
        DependencyKind::Peer if requirement.ecosystem().is_local() => DependencyKind::Normal,
        DependencyKind::OptionalPeer if requirement.ecosystem().is_local() => DependencyKind::Optional,
        kind => kind,
    };
    Dependency::new(kind, Wants::Requirement(requirement))
}

#[cfg(test)]
mod tests;
