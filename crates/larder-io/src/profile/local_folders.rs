//! Local packages: what their folders hold.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::fs::{self, Kind};
use crate::lock::{Closure, Lockfile};
use crate::model::PackageKey;

use super::layout::LocalFolder;
use super::{ProfileError, npm, python};

/// The local packages of a closure.
#[derive(Debug, Default)]
pub(super) struct LocalFolders {
    /// All packages.
    pub(super) kinds: BTreeMap<PackageKey, LocalFolder>,
    /// The Python packages, sorted by name.
    pub(super) projects: Vec<python::EditablePackage>,
}

/// Reads the folders of a closure's local packages.
pub(super) fn look(root: &Path, lock: &Lockfile, closure: &Closure<'_>) -> Result<LocalFolders, ProfileError> {
    let mut folders = LocalFolders::default();
    for &instance in closure.instances.keys() {
        let key = &instance.package;
        let package = lock.graph.packages.get(key);
        let Some(folder) = package.and_then(|package| package.folder.clone()) else { continue };
        if !key.id.ecosystem.is_local() || folders.kinds.contains_key(key) {
            continue;
        }
        let path = root.join(&*folder);
        let project = python::EditablePackage::read(root, &path, &key.version.to_string())?;
        let python = project.is_some();
        // The root's package.json is that of the project, whose own lines say what its `node_modules` has.
        let is_root_package = folder.is_empty() && python;
        let json = if is_root_package { None } else { fs::read_if_exists(&path.join("package.json"))? };
        let bin = json.as_ref().map(|json| executables(&path, key.id.name.as_str(), json)).transpose()?;
        let kind = LocalFolder { folder, npm: json.is_some(), python, bin: bin.unwrap_or_default() };
        folders.projects.extend(project);
        folders.kinds.insert(key.clone(), kind);
    }
    folders.projects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(folders)
}

/// Returns the executables that the package.json in `folder` declares. Their files need not be there: most are built
/// later.
fn executables(folder: &Path, name: &str, json: &[u8]) -> Result<BTreeMap<Arc<str>, Arc<str>>, ProfileError> {
    let mut files = Vec::new();
    if let Some(below) = npm::bin_directory(json) {
        let all = fs::stat(&folder.join(&below))?.is_some_and(|stat| stat.kind == Kind::Folder);
        let found = if all { fs::read_dir(&folder.join(&below))? } else { Vec::new() };
        let named = found.iter().filter(|found| found.kind != Kind::Folder).filter_map(|found| found.path.to_str());
        files.extend(named.map(|file| format!("{below}/{file}")));
    }
    let declared = npm::declared_bins(name, json, files.iter().map(String::as_str))?;
    Ok(declared.found.into_iter().map(|bin| (bin.name.into(), bin.path.into())).collect())
}
