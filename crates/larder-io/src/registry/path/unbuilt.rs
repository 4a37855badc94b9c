//! Folders that a build makes: tools that link them do so whether anything is in them yet or not.

use std::collections::{BTreeMap, BTreeSet};

use super::{LocalPackageError, ManifestContext, PathKind, PathPackage, join};
use crate::fs;
use crate::license::Declaration;
use crate::model::{Facts, Marker, PackageName, Requirement, Version};

/// Returns whether a build of the project may make a folder, which is relative to the root: it makes nothing outside of the project.
pub fn may_be_built(folder: &str) -> bool {
    !folder.is_empty() && folder != ".." && !folder.starts_with("../")
}

impl PathPackage {
    /// Returns what stands for a package that a build makes, while it is not there: Node gets the link to its folder.
    pub(super) fn unbuilt(context: ManifestContext<'_>) -> Result<Self, LocalPackageError> {
        let folder = context.folder;
        match fs::stat(&context.root.join(folder)) {
            Ok(Some(stat)) if stat.kind != fs::Kind::Folder => {
                return Err(LocalPackageError::NoFolder { path: folder.to_owned() });
            }
            Ok(_) => {}
            Err(error) => {
                return Err(LocalPackageError::Io { file: folder.to_owned(), reason: error.source.to_string() });
            }
        }
        let name = match context.local_packages.in_folder(folder) {
            Some(known) => known.package.clone(),
            None => context.name(PathKind::PackageJson, None)?,
        };
        let warning = format!(
            "`{folder}` holds no package yet: it is linked all the same, for a build may make it; what a package.json there asks for is not locked \
             until `larder lock` reads it"
        );
        let locked = context.local_packages.locked(folder).cloned();
        let (version, dependencies) = locked.unwrap_or_else(|| (Version::unbuilt(), Vec::new()));
        Ok(Self {
            seen_as: name.clone(),
            name,
            declared_version: Some(version),
            license: Declaration::default(),
            kind: PathKind::PackageJson,
            dependencies,
            extras: Vec::new(),
            features: BTreeSet::new(),
            groups: BTreeMap::new(),
            facts: Facts::default(),
            sources: Vec::new(),
            warnings: vec![warning],
            computed_version: None,
            listed: Vec::new(),
            files: Vec::new(),
            is_installed: false,
            node: None,
        })
    }
}

impl ManifestContext<'_> {
    /// Returns a requirement for a folder that is relative to this one and linked under a name, as npm's tools link it: a build may make what
    /// is in it.
    pub(super) fn require_linked(&self, relative: &str, alias: &PackageName) -> Result<Requirement, LocalPackageError> {
        match self.require_folder(relative, Some(alias), PathKind::PackageJson) {
            Err(LocalPackageError::NoManifest { .. }) if may_be_built(&join(self.folder, relative)) => {
                let folder = join(self.folder, relative);
                let known = self.local_packages.in_folder(&folder).map(|known| known.package.clone());
                let name = known.unwrap_or_else(|| alias.clone());
                Ok(Requirement::path(alias.clone(), name, folder, Marker::default()))
            }
            found => found,
        }
    }
}
