//! npm's package-lock.json: <https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::PackageKey;

use super::Unreadable;
use super::versions::LockedVersions;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PackageLock {
    #[serde(default)]
    lockfile_version: u32,
    #[serde(default)]
    packages: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    /// The package's own name, where the folder has another.
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    in_bundle: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Value>,
}

const FOLDER: &str = "node_modules/";

/// Reads a lockfile. `packages` has an entry for each folder, and Node's walk through the folders tells who has which version.
pub(super) fn read(text: &str, found: &mut LockedVersions) -> Result<(), Unreadable> {
    let lock: PackageLock = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if lock.lockfile_version < 2 {
        let reason = format!("its lockfileVersion is {}, and 2 and 3 are known", lock.lockfile_version);
        return Err(Unreadable {
            reason,
            help: Some("`npm install --package-lock-only` with npm 7 or later writes it anew"),
        });
    }
    let mut keys: BTreeMap<&str, PackageKey> = BTreeMap::new();
    for (path, entry) in &lock.packages {
        // What is bundled comes with its parent.
        let from_registry = entry.resolved.as_deref().is_none_or(|url| url.starts_with("http"));
        let Some((_, folder_name)) = path.rsplit_once(FOLDER).or_else(|| Some(("", path.strip_prefix(FOLDER)?))) else {
            continue;
        };
        let (Some(version), false, false, true) = (&entry.version, entry.link, entry.in_bundle, from_registry) else {
            continue;
        };
        let name = entry.name.as_deref().unwrap_or(folder_name);
        if let Some(key) = found.add_npm(name, version) {
            if let Some(integrity) = &entry.integrity {
                found.add_integrity(&key, integrity);
            }
            keys.insert(path, key);
        }
    }
    for (path, entry) in &lock.packages {
        let names = entry.dependencies.keys().chain(entry.optional_dependencies.keys());
        let is_member = !path.starts_with(FOLDER) && !path.contains("/node_modules/");
        if is_member {
            for name in names.chain(entry.dev_dependencies.keys()) {
                if let Some(to) = walk(path, name, &keys, &lock.packages) {
                    found.add_line(path, name, to);
                }
            }
        } else if let Some(from) = keys.get(&**path) {
            for name in names {
                if let Some(to) = walk(path, name, &keys, &lock.packages) {
                    found.add_edge(from, name, to);
                }
            }
        }
    }
    Ok(())
}

/// Returns what a folder finds under a name: in its own `node_modules`, or in that of a folder above.
fn walk<'k>(
    path: &str,
    name: &str,
    keys: &'k BTreeMap<&str, PackageKey>,
    packages: &BTreeMap<String, Entry>,
) -> Option<&'k PackageKey> {
    let mut at = path;
    loop {
        if !at.ends_with("node_modules") {
            let folder = if at.is_empty() { format!("{FOLDER}{name}") } else { format!("{at}/{FOLDER}{name}") };
            if packages.contains_key(&folder) {
                return keys.get(&*folder);
            }
        }
        if at.is_empty() {
            return None;
        }
        at = at.rsplit_once('/').map_or("", |(above, _)| above);
    }
}
