//! Local packages: what their folders hold.

use std::collections::BTreeMap;
use std::path::Path;

use crate::fs;
use crate::lock::{Closure, Lockfile};
use crate::model::{Ecosystem, PackageKey};

use super::layout::Folder;
use super::{ProfileError, python};

/// The local packages of a closure.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Each with what it is.
    pub(super) kinds: BTreeMap<PackageKey, Folder>,
    /// Those that are Python's.
    pub(super) projects: Vec<python::Project>,
}

/// Looks at the folders of a closure's local packages.
pub(super) fn look(root: &Path, lock: &Lockfile, closure: &Closure<'_>) -> Result<Folders, ProfileError> {
    let mut folders = Folders::default();
    for &instance in closure.instances.keys() {
        let key = &instance.package;
        let package = lock.graph.packages.get(key);
        let Some(folder) = package.and_then(|package| package.folder.clone()) else { continue };
        if key.id.ecosystem != Ecosystem::Path || folders.kinds.contains_key(key) {
            continue;
        }
        let path = root.join(&*folder);
        let has = |file: &str| Ok::<_, ProfileError>(fs::stat(&path.join(file))?.is_some());
        let kind = Folder { folder, npm: has("package.json")?, python: has("pyproject.toml")? };
        if kind.python {
            folders.projects.push(python::Project::read(&path, &key.version.to_string())?);
        }
        folders.kinds.insert(key.clone(), kind);
    }
    folders.projects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(folders)
}
