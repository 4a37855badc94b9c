//! Packages that are folders of the checkout: their own manifest tells name, version and dependencies.

mod larder_kdl;
mod listing;
mod names;
mod package_json;
mod poetry;
mod project_table;
mod pyproject;
mod uv_sources;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::model::{ExtraName, Facts, Label, Marker, PackageName, Requirement};
use crate::resolve::{Dependency, DependencyKind, Wants};

pub(super) use listing::Listing;
pub use names::{Local, Meaning, Members};

/// A folder's package.
#[derive(Clone, Debug)]
pub struct PathPackage {
    /// Its name; that of the folder where its manifest has none.
    pub name: PackageName,
    /// Its version; 0.0.0 where its manifest has none that is SemVer.
    pub version: semver::Version,
    /// Which manifest it has.
    pub kind: PathKind,
    /// What it needs.
    pub dependencies: Vec<Dependency>,
    /// Python: its extras.
    pub extras: Vec<ExtraName>,
    /// What its development needs: `devDependencies` as `dev`, Python's dependency groups, larder's groups.
    pub groups: BTreeMap<Label, Vec<Dependency>>,
    /// What sync must know.
    pub facts: Facts,
    /// What a user should hear about.
    pub warnings: Vec<String>,
    /// Its subfolders whose files count too, relative to it: npm's `directories.bin`.
    pub listed: Vec<String>,
    /// The Node that it runs on, as `engines` of its package.json has it. No lock remembers it: the folder is at hand.
    pub node: Option<String>,
}

/// Which manifest a folder has; the first of them that is there counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathKind {
    /// `larder.kdl`
    Larder,
    /// `package.json`
    Npm,
    /// `pyproject.toml`
    Pypi,
}

impl PathKind {
    /// Every kind, in the order in which they are looked for.
    pub const ALL: [Self; 3] = [Self::Larder, Self::Npm, Self::Pypi];

    /// Returns the manifest's file name.
    pub fn file(self) -> &'static str {
        match self {
            Self::Larder => "larder.kdl",
            Self::Npm => "package.json",
            Self::Pypi => "pyproject.toml",
        }
    }
}

/// Why a folder is no package.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
pub enum PathError {
    /// It has no manifest.
    #[error("`{folder}` holds no package: there is no larder.kdl, package.json or pyproject.toml in it")]
    #[diagnostic(
        code(larder::path::no_manifest),
        help("check the folder's name, or write a larder.kdl with a `project`")
    )]
    NoManifest {
        /// The folder, relative to the root.
        folder: String,
    },
    /// Its manifest is not what it should be.
    #[error("{file} cannot be read: {reason}")]
    #[diagnostic(code(larder::path::bad_manifest), help("correct the file; other tools read it too"))]
    BadManifest {
        /// The manifest, relative to the root.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// Its larder.kdl has errors of its own.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(Arc<dyn Failure>),
    /// Its dependencies are known only to a build.
    #[error("{file} computes its dependencies when it is built")]
    #[diagnostic(
        code(larder::path::dynamic),
        help("list them under `[project] dependencies`; larder does not run build tools")
    )]
    Dynamic {
        /// The manifest, relative to the root.
        file: String,
    },
    /// The file system said no.
    #[error("{file} cannot be read: {reason}")]
    #[diagnostic(code(larder::path::io), help("check that the file may be read"))]
    Io {
        /// The manifest, relative to the root.
        file: String,
        /// What it said.
        reason: String,
    },
}

impl Failure for PathError {
    fn exit(&self) -> Exit {
        match self {
            Self::Io { .. } => Exit::Machine,
            Self::Manifest(failure) => failure.exit(),
            _ => Exit::Manifest,
        }
    }
}

/// Where a manifest is, and what its references can mean.
#[derive(Clone, Copy)]
struct Place<'a> {
    root: &'a Path,
    folder: &'a str,
    members: &'a Members,
}

/// Reads the package in `folder`, which is relative to `root` (empty: the root itself).
pub fn read(root: &Path, folder: &str, members: &Members) -> Result<PathPackage, PathError> {
    let place = Place { root, folder, members };
    let (kind, text) = manifest(root, folder)?;
    match kind {
        PathKind::Larder => larder_kdl::read(place, &text),
        PathKind::Npm => package_json::read(place, &text),
        PathKind::Pypi => pyproject::read(place, &text),
    }
}

/// What a line of a manifest comes to beside the project's own packages.
#[derive(Clone, Debug, Default)]
pub struct Meant {
    /// What is needed: what was asked for, or the local package of that name and what the extras asked of it need.
    pub needs: Vec<Dependency>,
    /// What a user should hear about.
    pub warning: Option<String>,
}

/// Returns what a line of the larder.kdl in `folder` means: the local package that has the name it asks for, if there is
/// one and its version will do.
pub fn meant(
    root: &Path,
    folder: &str,
    members: &Members,
    kind: DependencyKind,
    requirement: &Requirement,
) -> Result<Meant, PathError> {
    let dependency = required(kind, requirement.clone());
    Place { root, folder, members }.meant(None, dependency, PathKind::Larder)
}

/// Joins two folders; the result has no `.` and no `..` but those at its beginning that leave the root.
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

/// No manifest has more bytes, in whatever language.
const LARGEST: u64 = 16 << 20;

fn manifest(root: &Path, folder: &str) -> Result<(PathKind, String), PathError> {
    for kind in PathKind::ALL {
        let file = file_of(folder, kind);
        match fs::read_up_to(&root.join(&file), LARGEST) {
            Ok(Some(bytes)) => {
                let text = String::from_utf8(bytes);
                let bad = |_| PathError::BadManifest { file, reason: "it is not UTF-8".to_owned() };
                return Ok((kind, text.map_err(bad)?));
            }
            Ok(None) => {}
            Err(error) => {
                use std::io::ErrorKind::{FileTooLarge, InvalidInput, IsADirectory};

                let reason = error.source.to_string();
                let is_odd = matches!(error.source.kind(), FileTooLarge | InvalidInput | IsADirectory);
                return Err(if is_odd {
                    PathError::BadManifest { file, reason }
                } else {
                    PathError::Io { file, reason }
                });
            }
        }
    }
    Err(PathError::NoManifest { folder: folder.to_owned() })
}

fn file_of(folder: &str, kind: PathKind) -> String {
    if folder.is_empty() { kind.file().to_owned() } else { format!("{folder}/{}", kind.file()) }
}

impl Place<'_> {
    fn bad(&self, kind: PathKind, reason: &str) -> PathError {
        PathError::BadManifest { file: file_of(self.folder, kind), reason: reason.trim().to_owned() }
    }

    /// Checks a manifest's own name, or takes the folder's.
    fn name(&self, kind: PathKind, name: Option<&str>) -> Result<PackageName, PathError> {
        let fallback = self.folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("root");
        let name = name.unwrap_or(fallback);
        let name = match kind {
            PathKind::Pypi => PackageName::pypi(name),
            PathKind::Larder | PathKind::Npm => PackageName::npm(name),
        };
        name.map_err(|error| self.bad(kind, &error.to_string()))
    }

    /// Returns what a dependency in this folder's manifest of some kind means. `dependent` is the package that has it, which
    /// does not need itself.
    fn meant(
        &self,
        dependent: Option<&PackageName>,
        dependency: Dependency,
        manifest: PathKind,
    ) -> Result<Meant, PathError> {
        let plain = |dependency| Meant { needs: vec![dependency], warning: None };
        let Wants::Requirement(requirement) = &dependency.wants else { return Ok(plain(dependency)) };
        match self.members.meaning(requirement) {
            Meaning::Registry => Ok(plain(dependency)),
            _ if requirement.ecosystem().has_markers() => {
                let needs = pyproject::local_needs(*self, dependent, dependency)?;
                Ok(Meant { needs, warning: None })
            }
            Meaning::Local(requirement) => Ok(plain(required(dependency.kind, requirement))),
            Meaning::Other(local) => {
                let file = file_of(self.folder, manifest);
                let (name, range) = (requirement.seen_as(), requirement.range_text());
                let warning = format!(
                    "{file} asks for {name} {range}, which the project's own {local} is not: a registry's is taken"
                );
                Ok(Meant { needs: vec![dependency], warning: Some(warning) })
            }
        }
    }

    /// Returns the requirement for a folder that is relative to this one, seen under a name; none for its own.
    fn folder(&self, relative: &str, alias: Option<&PackageName>) -> Result<Requirement, PathError> {
        let folder = join(self.folder, relative);
        let (kind, text) = manifest(self.root, &folder)?;
        let place = Place { folder: &folder, ..*self };
        let declared = match kind {
            PathKind::Larder => larder_kdl::name(place, &text)?,
            PathKind::Npm => package_json::name(place, &text)?,
            PathKind::Pypi => pyproject::name(place, &text)?,
        };
        let name = place.name(kind, declared.as_deref())?;
        let alias = alias.unwrap_or(&name).clone();
        Ok(Requirement::path(alias, name, folder, Marker::default()))
    }
}

/// Returns a dependency. There is one instance of a local package, whoever provides it: a peer on it is bound already.
fn required(kind: DependencyKind, requirement: Requirement) -> Dependency {
    let kind = match kind {
        DependencyKind::Peer if requirement.ecosystem().is_local() => DependencyKind::Normal,
        DependencyKind::OptionalPeer if requirement.ecosystem().is_local() => DependencyKind::Optional,
        kind => kind,
    };
    Dependency { kind, wants: Wants::Requirement(requirement) }
}

#[cfg(test)]
mod tests;
