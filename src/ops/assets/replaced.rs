//! A project's assets as they would be if some files had another content, or a package were another version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::assets::{AssetFiles, AssetPackage, PackageIndex};
use crate::document::decode;
use crate::manifest::{DependencySpec, Manifest};
use crate::ops::session::MANIFEST;
use crate::package::ArchiveFile;

/// Files of packages, of which some have another content.
pub(in crate::ops) struct Replaced<'a> {
    files: &'a dyn AssetFiles,
    contents: BTreeMap<(PackageIndex, String), Arc<str>>,
    /// The packages that have no other files.
    whole: BTreeSet<PackageIndex>,
}

impl<'a> Replaced<'a> {
    /// Gives files of packages another content.
    pub(in crate::ops) fn new(
        files: &'a dyn AssetFiles,
        contents: impl IntoIterator<Item = ((PackageIndex, String), Arc<str>)>,
    ) -> Self {
        Self { files, contents: contents.into_iter().collect(), whole: BTreeSet::new() }
    }

    /// Gives packages the files of an archive and no others. What is no text is no asset's file.
    pub(in crate::ops) fn of_archive(
        files: &'a dyn AssetFiles,
        packages: &[PackageIndex],
        archive: &[ArchiveFile],
    ) -> Self {
        let mut contents = BTreeMap::new();
        for file in archive {
            let Ok(text) = decode(file.content.clone()) else { continue };
            let text: Arc<str> = text.into();
            contents.extend(packages.iter().map(|package| ((*package, file.path.to_string()), Arc::clone(&text))));
        }
        Self { files, contents, whole: packages.iter().copied().collect() }
    }
}

impl AssetFiles for Replaced<'_> {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        match self.contents.get(&(package, path.to_owned())) {
            Some(text) => Some(Arc::clone(text)),
            None if self.whole.contains(&package) => None,
            None => self.files.read(package, path),
        }
    }
}

/// Returns packages of which one is the version with this manifest. What it depends on is what the others have of that name.
pub(in crate::ops) fn with_version(
    packages: &[AssetPackage],
    at: PackageIndex,
    manifest: &Manifest,
) -> Vec<AssetPackage> {
    let mut packages = packages.to_vec();
    let Some(package) = &manifest.package else { return packages };
    let (mut dependencies, mut absent) = (BTreeMap::new(), BTreeMap::new());
    let lines = package.features.iter().flat_map(|feature| &feature.dependencies).chain(&manifest.dependencies);
    for line in lines {
        let DependencySpec::Package(requirement) = &line.spec else { continue };
        if !requirement.ecosystem().has_assets() {
            continue;
        }
        let name = requirement.package().name.folded().into_owned();
        let found = packages[at].dependencies.get(&name).copied();
        match found.or_else(|| packages.iter().position(|one| one.name.folded() == name)) {
            Some(found) => drop(dependencies.insert(name, found)),
            None => drop(absent.insert(name, "only another version asks for it".to_owned())),
        }
    }
    let own = &mut packages[at];
    own.version = package.version.value.clone();
    own.text = Arc::clone(&manifest.text);
    own.declarations.clone_from(&manifest.assets);
    own.manifest = if own.folder.is_empty() { MANIFEST.into() } else { format!("{}/{MANIFEST}", own.folder).into() };
    (own.dependencies, own.absent) = (dependencies, absent);
    packages
}
