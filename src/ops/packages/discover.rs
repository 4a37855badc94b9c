//! Every package of the repository, and which depends on which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::manifest::{self, DependencyLine, DependencySpec, Manifest, ManifestKind, Spanned};
use crate::model::{Catalogs, Label, PackageName, Requirement};
use crate::ops::project::{find_root, inputs};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Error, Result};

use super::files::GITIGNORE;
use super::walk::{has_file, walk};
use super::{OwnPackage, prepare};

/// The packages of a repository.
#[derive(Debug)]
pub(in crate::ops) struct Repository {
    /// `order` of the root's manifest.
    pub(in crate::ops) order: Vec<Spanned<Label>>,
    /// The packages, sorted by name.
    pub(in crate::ops) packages: Vec<Discovered>,
    /// Manifests that cannot be read, and why: they may be of packages.
    pub(in crate::ops) unreadable: Vec<(String, Error)>,
    /// The files and folders that decide which packages there are.
    pub(in crate::ops) searched: Searched,
}

/// The files and folders of a repository that decide which packages it has, by their paths relative to the root.
#[derive(Clone, Debug, Default)]
pub(in crate::ops) struct Searched {
    /// The folders that were looked through, the root itself included.
    pub(in crate::ops) folders: Vec<String>,
    /// The folders with a manifest, sorted.
    pub(in crate::ops) manifests: Vec<String>,
    /// The folders with rules of what git ignores.
    pub(in crate::ops) ignore_rules: Vec<String>,
}

/// A package of a repository.
#[derive(Debug)]
pub(in crate::ops) struct Discovered {
    /// Its folder, relative to the root; empty for the root itself.
    pub(in crate::ops) folder: Arc<str>,
    /// What it is.
    pub(in crate::ops) own: OwnPackage,
    /// The packages of the repository on which it depends, by their places, sorted.
    pub(in crate::ops) needs: BTreeSet<usize>,
}

impl Repository {
    /// Finds the packages of the project around the folder that larder was started in.
    pub(in crate::ops) fn of(context: &Context<'_>) -> Result<Self> {
        let root = find_root(context)?;
        let text = inputs::manifest(&root.join(MANIFEST))?;
        let Manifest { order, catalogs, .. } = manifest::parse(MANIFEST, &text, ManifestKind::Package)?;
        let (mut packages, mut unreadable) = (Vec::new(), Vec::new());
        let searched = search(&root)?;
        let read =
            fs::map_parallel(&searched.manifests, |folder| Ok::<_, Error>(package_in(&root, folder, &catalogs)))?;
        for (folder, read) in searched.manifests.iter().zip(read) {
            match read {
                Ok(Some(own)) => {
                    packages.push(Discovered { folder: folder.as_str().into(), own, needs: BTreeSet::new() });
                }
                Ok(None) => {}
                Err(error) => {
                    unreadable.push((format!("{folder}/{MANIFEST}").trim_start_matches('/').to_owned(), error));
                }
            }
        }
        packages.sort_by(|one, other| one.name().cmp(other.name()));
        let mut repository = Self { order, packages, unreadable, searched };
        repository.check_names()?;
        let needs = repository.needs();
        for (package, needs) in repository.packages.iter_mut().zip(needs) {
            package.needs = needs;
        }
        Ok(repository)
    }

    /// Returns the packages that depend on one, by their places.
    pub(in crate::ops) fn dependents(&self, at: usize) -> impl Iterator<Item = &Discovered> {
        self.packages.iter().filter(move |package| package.needs.contains(&at))
    }

    /// Makes sure that a name has one package.
    fn check_names(&self) -> Result<()> {
        let mut seen: BTreeMap<String, &Discovered> = BTreeMap::new();
        for package in &self.packages {
            if let Some(first) = seen.insert(package.name().folded().into_owned(), package) {
                return Err(TwoPackages {
                    name: package.name().to_string(),
                    first: first.own.manifest.file.to_string(),
                    second: package.own.manifest.file.to_string(),
                }
                .into());
            }
        }
        Ok(())
    }

    /// Returns of each package the places of those on which it depends.
    fn needs(&self) -> Vec<BTreeSet<usize>> {
        let places = || self.packages.iter().enumerate();
        let names: BTreeMap<_, usize> = places().map(|(at, package)| (package.name().folded(), at)).collect();
        let folders: BTreeMap<&str, usize> = places().map(|(at, package)| (&*package.folder, at)).collect();
        let needed = |package: &Discovered, line: &DependencyLine| match &line.spec {
            DependencySpec::Package(requirement) => names.get(&private_name(requirement)?.folded()).copied(),
            DependencySpec::Folder(spec) => {
                let folder = manifest::parse_folder(&format!("{}/{}", package.folder, spec.as_written())).ok()?.folder;
                folders.get(if package.folder.is_empty() { &*spec.folder } else { &*folder }).copied()
            }
        };
        let needs = |package: &Discovered| package.lines().filter_map(|line| needed(package, line)).collect();
        self.packages.iter().map(needs).collect()
    }
}

impl Discovered {
    /// Returns the package's name.
    pub(in crate::ops) fn name(&self) -> &PackageName {
        &self.own.package.name.value
    }

    /// Holds the package to all that publishing it would, apart from what a registry would say.
    pub(in crate::ops) fn check(&self) -> Result<()> {
        prepare(&self.own, &[]).map(drop)
    }

    /// Returns its dependency lines, those of its features included.
    pub(in crate::ops) fn lines(&self) -> impl Iterator<Item = &DependencyLine> {
        let features = self.own.package.features.iter().flat_map(|feature| &feature.dependencies);
        self.own.manifest.dependencies.iter().chain(features)
    }
}

/// Returns the name of the private package that is asked for.
fn private_name(requirement: &Requirement) -> Option<&PackageName> {
    requirement.ecosystem().is_published_with_larder().then(|| requirement.name())
}

/// Reads the package in a folder. A manifest without a `package` is that of a member, or of another project: it is none of ours.
fn package_in(root: &Path, folder: &str, catalogs: &Catalogs) -> Result<Option<OwnPackage>> {
    let path = root.join(folder);
    let text = inputs::manifest(&path.join(MANIFEST))?;
    if !mentions_package(&text) {
        return Ok(None);
    }
    OwnPackage::read(root, &path, catalogs)
}

/// Returns whether a manifest may have a `package`: the others need not be parsed.
fn mentions_package(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"package").is_some()
}

/// Looks through the folders below the root, itself included. Those that git ignores are left out, and those of environments, caches
/// and version control.
fn search(root: &Path) -> Result<Searched> {
    let mut searched = Searched::default();
    let enters = |name: &str| !name.starts_with('.') && name != "node_modules";
    walk(root, enters, |folder, entries, _| {
        searched.folders.push(folder.to_owned());
        if has_file(entries, MANIFEST) {
            searched.manifests.push(folder.to_owned());
        }
        if has_file(entries, GITIGNORE) {
            searched.ignore_rules.push(folder.to_owned());
        }
    })?;
    searched.manifests.sort_unstable();
    Ok(searched)
}

/// Two packages of one name.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("two packages are called `{name}`: {first} and {second}")]
#[diagnostic(
    code(larder::package::two),
    help("give one of them another name; names that differ only in `-`, `.` and `_` are one")
)]
struct TwoPackages {
    name: String,
    first: String,
    second: String,
}

impl Failure for TwoPackages {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
