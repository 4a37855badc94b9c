//! npm's package-lock.json: <https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{LocalFile, PackageKey, split_at_version};

use super::UnreadableLock;
use super::places::LockedPlace;
use super::versions::LockedVersions;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PackageLock {
    #[serde(default)]
    lockfile_version: u32,
    #[serde(default)]
    packages: BTreeMap<String, PackageLockEntry>,
    /// What npm 6 wrote instead: the packages in the root's `node_modules`.
    #[serde(default)]
    dependencies: BTreeMap<String, NestedEntry>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PackageLockEntry {
    /// The package's own name, where the folder has another.
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    in_bundle: bool,
    /// Executables, each with its file.
    #[serde(default)]
    bin: Value,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    peer_dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    peer_dependencies_meta: BTreeMap<String, Value>,
}

impl PackageLockEntry {
    /// Returns the names of the peers that npm installs where nothing provides them.
    fn required_peers(&self) -> impl Iterator<Item = &String> {
        self.peer_dependencies.keys().filter(|name| !self.is_optional_peer(name))
    }

    fn is_optional_peer(&self, name: &str) -> bool {
        let meta = self.peer_dependencies_meta.get(name);
        meta.and_then(|meta| meta.get("optional")?.as_bool()) == Some(true)
    }
}

/// A package as npm 6 wrote it (lockfileVersion 1), with those in its own `node_modules`.
#[derive(Deserialize)]
struct NestedEntry {
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    bundled: bool,
    /// `true`, or names and ranges.
    #[serde(default)]
    requires: Value,
    #[serde(default)]
    dependencies: BTreeMap<String, NestedEntry>,
}

impl NestedEntry {
    /// Adds the entries of a folder's `node_modules` as later versions have them, by their paths.
    fn flatten(nested: BTreeMap<String, Self>, folder: &str, packages: &mut BTreeMap<String, PackageLockEntry>) {
        for (alias, one) in nested {
            let path = format!("{folder}{FOLDER}{alias}");
            Self::flatten(one.dependencies, &format!("{path}/"), packages);
            let aliased = one.version.as_deref().and_then(|version| split_at_version(version.strip_prefix("npm:")?));
            let aliased = aliased.map(|(name, version)| (name.to_owned(), version.to_owned()));
            let (name, version) = aliased.map_or((None, one.version), |(name, version)| (Some(name), Some(version)));
            let dependencies = match one.requires {
                Value::Object(requires) => requires.into_iter().collect(),
                _ => BTreeMap::new(),
            };
            let entry = PackageLockEntry {
                name,
                version,
                resolved: one.resolved,
                integrity: one.integrity,
                in_bundle: one.bundled,
                dependencies,
                ..PackageLockEntry::default()
            };
            packages.insert(path, entry);
        }
    }
}

const FOLDER: &str = "node_modules/";

/// Reads a lockfile of version 1, 2 or 3. `packages` has an entry for each folder, and Node's walk through the folders tells who has which version.
pub(super) fn read(text: &str, found: &mut LockedVersions) -> Result<(), UnreadableLock> {
    let mut lock: PackageLock = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if lock.lockfile_version == 0 {
        return Err("it has no lockfileVersion".to_owned().into());
    }
    if lock.lockfile_version == 1 {
        // It does not tell which of the packages in its `node_modules` the project itself asks for.
        let lines = lock.dependencies.keys().map(|name| (name.clone(), Value::Null)).collect();
        NestedEntry::flatten(std::mem::take(&mut lock.dependencies), "", &mut lock.packages);
        lock.packages.insert(String::new(), PackageLockEntry { dependencies: lines, ..PackageLockEntry::default() });
    }
    let mut keys: BTreeMap<&str, PackageKey> = BTreeMap::new();
    for (path, entry) in &lock.packages {
        // What is bundled comes with its parent.
        let is_file = |place: &str| place.starts_with("http") || LocalFile::npm_path(place).is_some();
        let is_file = entry.resolved.as_deref().is_none_or(is_file);
        let Some((_, folder_name)) = path.rsplit_once(FOLDER).or_else(|| Some(("", path.strip_prefix(FOLDER)?))) else {
            continue;
        };
        let (Some(version), false, false, true) = (&entry.version, entry.link, entry.in_bundle, is_file) else {
            continue;
        };
        let name = entry.name.as_deref().unwrap_or(folder_name);
        if let Some(key) = found.add_npm(name, version) {
            if let Some(integrity) = &entry.integrity {
                found.add_integrity(&key, integrity);
            }
            if let Some(place) = entry.resolved.as_deref().and_then(LockedPlace::of_file) {
                found.add_place(&key, place);
            }
            found.add_executables(&key, &entry.bin);
            if let Some(alias) = path.strip_prefix(FOLDER).filter(|alias| !alias.contains("/node_modules/")) {
                found.add_on_top(alias, &key);
            }
            keys.insert(path, key);
        }
    }
    for (path, entry) in &lock.packages {
        let names = entry.dependencies.keys().chain(entry.optional_dependencies.keys());
        let is_member = !path.starts_with(FOLDER) && !path.contains("/node_modules/");
        if is_member {
            for name in names.chain(entry.dev_dependencies.keys()).chain(entry.required_peers()) {
                if let Some(to) = walk(path, name, &lock.packages).and_then(|place| keys.get(&*place)) {
                    found.add_line(path, name, to);
                }
            }
        } else if let Some(from) = keys.get(&**path) {
            entry.optional_dependencies.keys().for_each(|name| found.note_optional(from, name));
            // A peer counts where its owner does not provide it.
            for name in names.chain(entry.peer_dependencies.keys()) {
                let Some(place) = walk(path, name, &lock.packages) else { continue };
                let Some(to) = keys.get(&*place) else {
                    if lock.packages.get(&place).is_some_and(|entry| entry.link) {
                        found.add_linked(name);
                    }
                    continue;
                };
                if entry.is_optional_peer(name) {
                    found.add_optional_peer(from, name, to);
                } else {
                    found.add_edge(from, name, to);
                }
            }
        }
    }
    Ok(())
}

/// Returns where a folder finds a name: in its own `node_modules`, or in that of a folder above.
fn walk(path: &str, name: &str, packages: &BTreeMap<String, PackageLockEntry>) -> Option<String> {
    let mut at = path;
    loop {
        if !at.ends_with("node_modules") {
            let folder = if at.is_empty() { format!("{FOLDER}{name}") } else { format!("{at}/{FOLDER}{name}") };
            if packages.contains_key(&folder) {
                return Some(folder);
            }
        }
        if at.is_empty() {
            return None;
        }
        at = at.rsplit_once('/').map_or("", |(above, _)| above);
    }
}
