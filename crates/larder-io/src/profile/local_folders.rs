//! Local packages: what their folders hold.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::fs::{self, Kind};
use crate::lock::{Closure, Lockfile};
use crate::manifest;
use crate::model::{Dependent, Edge, PackageKey, PackageName};

use super::layout::LocalFolder;
use super::private::{MANIFEST, PrivateContent};
use super::root_links::check_stays_inside;
use super::{ProfileError, node_modules, python};

/// The local packages of a closure.
#[derive(Debug, Default)]
pub(super) struct LocalFolders {
    /// All packages.
    pub(super) kinds: BTreeMap<PackageKey, LocalFolder>,
    /// The Python packages, sorted by name.
    pub(super) projects: Vec<python::EditablePackage>,
}

/// What a root that is a Python and a Node package is asked for as.
struct AskedAs {
    /// By a line of the project.
    python: bool,
    /// By the name in its package.json, by others than the project.
    node: bool,
}

impl AskedAs {
    fn of(lock: &Lockfile, key: &PackageKey, name: Option<&str>) -> Self {
        let leads = |edge: &&Edge| edge.to.package == *key;
        let (own, others): (Vec<_>, Vec<_>) =
            lock.graph.roots.iter().partition(|root| root.dependent == Dependent::Project);
        let of_packages = lock.graph.instances.values().flat_map(|instance| &instance.edges);
        let mut others = others.into_iter().flat_map(|root| &root.to).chain(of_packages).filter(leads);
        Self {
            python: own.into_iter().flat_map(|root| &root.to).any(|edge| leads(&edge)),
            node: others.any(|edge| Some(edge.name.as_str()) == name),
        }
    }
}

/// Returns the name that a package.json states.
fn node_name(json: &[u8]) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(json)).ok()?;
    json.get("name")?.as_str().map(str::to_owned)
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
        let declared = declared(&path)?;
        for half in declared.node.iter().chain(&declared.python) {
            check_stays_inside(root, &Path::new(&*folder).join(&**half))?;
        }
        let (name, version) = (key.id.name.as_str(), key.version.to_string());
        let project = match &declared.python {
            Some(half) => Some(python::EditablePackage::half(root, &path.join(&**half), (name, &version))?),
            None => python::EditablePackage::read(root, &path, &version)?,
        };
        let json = fs::read_if_exists(&path.join("package.json"))?;
        // The root is what it is asked for as: its own line means the Python package, and others the Node package by its name.
        let (project, json) = match (project, json) {
            (Some(project), Some(json)) if folder.is_empty() => {
                let asked = AskedAs::of(lock, key, node_name(&json).as_deref());
                ((asked.python || !asked.node).then_some(project), asked.node.then_some(json))
            }
            both => both,
        };
        let python = project.is_some();
        // One that is linked is called by its link, and its executable by its own name.
        let of_node = json.as_deref().and_then(node_name).filter(|own| PackageName::npm(own).is_ok());
        let named = of_node.as_deref().unwrap_or(name);
        let mut bin = json.as_ref().map(|json| executables(&path, named, json)).transpose()?.unwrap_or_default();
        bin.extend(declared.bin);
        // The root's own `node_modules` is the project's, and none of a package.
        let half = declared.node.filter(|_| !folder.is_empty());
        let is_declared = json.is_some() || half.is_some();
        let unbuilt = !is_declared && !python && fs::stat(&path.join(MANIFEST))?.is_none();
        let npm = is_declared || unbuilt;
        let node_half = half.filter(|half| !half.is_empty()).map(|half| format!("{folder}/{half}").into());
        let kind = LocalFolder { folder, npm, node_half, python, unbuilt, bin };
        folders.projects.extend(project);
        folders.kinds.insert(key.clone(), kind);
    }
    folders.projects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(folders)
}

/// Returns what the larder.kdl in a folder declares of halves and executables: nothing if there is none, or it declares no package.
/// Files need not be there: most are built later.
pub(super) fn declared(folder: &Path) -> Result<PrivateContent, ProfileError> {
    let bytes = fs::read_if_exists(&folder.join(MANIFEST))?.unwrap_or_default();
    let package = std::str::from_utf8(&bytes).ok().and_then(manifest::declared_package);
    Ok(package.map(|package| PrivateContent::declared(&package)).unwrap_or_default())
}

/// Returns the executables that the package.json in `folder` declares. Their files need not be there: most are built
/// later.
fn executables(folder: &Path, name: &str, json: &[u8]) -> Result<BTreeMap<Arc<str>, Arc<str>>, ProfileError> {
    let mut files = Vec::new();
    if let Some(below) = node_modules::bin_directory(json) {
        let all = fs::stat(&folder.join(&below))?.is_some_and(|stat| stat.kind == Kind::Folder);
        let found = if all { fs::read_dir(&folder.join(&below))? } else { Vec::new() };
        let named = found.iter().filter(|found| found.kind != Kind::Folder).filter_map(|found| found.path.to_str());
        files.extend(named.map(|file| format!("{below}/{file}")));
    }
    let declared = node_modules::declared_bins(name, json, files.iter().map(String::as_str))?;
    Ok(declared.found.into_iter().map(|bin| (bin.name.into(), bin.path.into())).collect())
}
