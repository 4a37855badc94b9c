//! What the names of a project's own packages mean to those who ask for them by name and range.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::{PathKind, file_of};
use crate::fs;
use crate::manifest;
use crate::model::{Ecosystem, Marker, PackageName, Requirement, Version};

/// The local packages that a name can mean, by the ecosystem whose manifest gives it.
#[derive(Clone, Debug, Default)]
pub struct Members(BTreeMap<(Ecosystem, PackageName), Local>);

/// A local package as others ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its folder, relative to the root.
    pub folder: Arc<str>,
    /// Its name as a path package: that of the first of its manifests.
    pub package: PackageName,
    /// Its version as that ecosystem's manifest writes it; none where a build computes it, or nobody wrote one.
    pub version: Option<String>,
}

/// What a requirement means beside a project's own packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A registry's package: no local one has its name.
    Registry,
    /// The local package, which satisfies it.
    Local(Requirement),
    /// No version of the local package that has the name.
    Other(Local),
}

impl Members {
    /// Adds the names that the manifests in a folder declare. Where another folder's has one of them already, that one
    /// stays, and the name and the folder are returned.
    pub fn add(&mut self, root: &Path, folder: &Arc<str>) -> Option<(PackageName, Arc<str>)> {
        let declared: Vec<_> =
            PathKind::ALL.into_iter().filter_map(|kind| Declared::read(root, folder, kind)).collect();
        let fallback = || PackageName::npm(folder.rsplit('/').next().unwrap_or(folder)).ok();
        let package = declared.first()?.package().or_else(fallback)?;
        let mut taken = None;
        for declared in declared {
            let Some(name) = declared.package() else { continue };
            let local = Local { folder: folder.clone(), package: package.clone(), version: declared.version };
            let known = self.0.entry((declared.kind.ecosystem(), name.clone())).or_insert(local);
            if known.folder != *folder {
                taken.get_or_insert((name, known.folder.clone()));
            }
        }
        taken
    }

    /// Returns the local package that has a name in an ecosystem.
    pub fn get(&self, ecosystem: Ecosystem, name: &PackageName) -> Option<&Local> {
        self.0.get(&(ecosystem, name.clone()))
    }

    /// Returns the member in a folder.
    pub(super) fn in_folder(&self, folder: &str) -> Option<&Local> {
        self.0.values().find(|local| *local.folder == *folder)
    }

    /// Returns the folder of the path package that has a name.
    pub(in crate::registry) fn folder(&self, package: &PackageName) -> Option<&Arc<str>> {
        self.0.values().find(|local| local.package == *package).map(|local| &local.folder)
    }

    /// Returns what a requirement means: a name that a local package has is that package's, if its version will do.
    pub fn meaning(&self, requirement: &Requirement) -> Meaning {
        let id = requirement.package();
        match self.get(id.ecosystem, &id.name) {
            None => Meaning::Registry,
            Some(local) if local.satisfies(requirement) => {
                let marker = requirement.marker().cloned().unwrap_or_default();
                Meaning::Local(local.required(requirement.seen_as(), marker))
            }
            Some(local) => Meaning::Other(local.clone()),
        }
    }
}

impl Local {
    /// Returns the requirement for it, seen under a name and under a condition.
    pub(super) fn required(&self, alias: &PackageName, marker: Marker) -> Requirement {
        Requirement::path(alias.clone(), self.package.clone(), self.folder.clone(), marker)
    }

    /// Tells whether its version will do. One without a version will always do; so will a pre-release where any version will.
    pub(super) fn satisfies(&self, requirement: &Requirement) -> bool {
        let Some(version) = &self.version else { return true };
        requirement.takes_any()
            || Version::parse(requirement.ecosystem(), version).is_ok_and(|version| requirement.matches(&version))
    }
}

impl std::fmt::Display for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = self.version.as_deref().unwrap_or("no version");
        write!(f, "{} ({version}) in `{}`", self.package, self.folder)
    }
}

impl PathKind {
    /// Returns the ecosystem in which a manifest's name is asked for.
    pub(super) fn ecosystem(self) -> Ecosystem {
        match self {
            Self::Larder => Ecosystem::Larder,
            Self::Npm => Ecosystem::Npm,
            Self::Pypi => Ecosystem::Pypi,
        }
    }
}

/// The name and the version in one manifest, as they are written.
struct Declared {
    kind: PathKind,
    name: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct PackageJson {
    name: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
}

impl Declared {
    /// Reads a manifest, where it is there. One that cannot be read declares nothing: whoever needs more of it tells why.
    fn read(root: &Path, folder: &str, kind: PathKind) -> Option<Self> {
        let file = file_of(folder, kind);
        let text = String::from_utf8(fs::read_if_exists(&root.join(&file)).ok()??).ok()?;
        let (name, version) = match kind {
            PathKind::Larder => {
                let kind =
                    if folder.is_empty() { manifest::ManifestKind::Root } else { manifest::ManifestKind::Member };
                let project = manifest::parse(&file, &text, kind).ok()?.project;
                let version = project.as_ref().and_then(|project| project.version.as_ref());
                (project.as_ref().map(|project| project.name.value.clone()), version.map(ToString::to_string))
            }
            PathKind::Npm => {
                let json: PackageJson = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
                let text = |value: Option<serde_json::Value>| value?.as_str().map(str::to_owned);
                (text(json.name), text(json.version))
            }
            PathKind::Pypi => {
                let toml: toml::Table = toml::from_str(&text).ok()?;
                let poetry = || toml.get("tool")?.get("poetry");
                let table = toml.get("project").or_else(poetry)?;
                let word = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
                (word("name"), word("version"))
            }
        };
        Some(Self { kind, name, version })
    }

    fn package(&self) -> Option<PackageName> {
        PackageName::parse(self.kind.ecosystem(), self.name.as_deref()?).ok()
    }
}
