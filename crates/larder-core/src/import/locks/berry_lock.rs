//! The yarn.lock of Yarn 2 and later, which is YAML: <https://yarnpkg.com/configuration/manifest>. Its checksums are those of
//! Yarn's own archives and say nothing of what a registry serves.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::PackageKey;

use super::Unreadable;
use super::versions::LockedVersions;

#[derive(Deserialize)]
struct BerryLockEntry {
    #[serde(default)]
    resolution: String,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    #[serde(default, rename = "peerDependencies")]
    peers: BTreeMap<String, String>,
}

/// Reads a lockfile. A workspace is an entry like the others, with all that its package.json asks for.
pub(super) fn read(text: &str, found: &mut LockedVersions) -> Result<(), Unreadable> {
    let mut entries: BTreeMap<String, BerryLockEntry> = super::parse_yaml(text)?;
    entries.remove("__metadata");
    found.leave_peers_out();
    let mut keys: BTreeMap<&str, PackageKey> = BTreeMap::new();
    for (descriptors, entry) in &entries {
        if let Some(key) = published(&entry.resolution).and_then(|(name, at)| found.add_npm(name, at)) {
            keys.extend(descriptors.split(',').map(|descriptor| (descriptor.trim(), key.clone())));
        }
    }
    // Before Yarn 4, dependencies have their ranges without the protocol that the entries have them with.
    let look_up = |alias: &str, range: &str| {
        keys.get(&*format!("{alias}@{range}")).or_else(|| keys.get(&*format!("{alias}@npm:{range}")))
    };
    for entry in entries.values() {
        let wanted = entry.dependencies.iter().filter(|(alias, _)| !entry.peers.contains_key(*alias));
        if let Some((_, folder)) = entry.resolution.split_once("@workspace:") {
            for (alias, range) in &entry.dependencies {
                if let Some(to) = look_up(alias, range) {
                    found.add_line(folder, alias, to);
                }
            }
        } else if let Some(from) = published(&entry.resolution).and_then(|(name, at)| found.add_npm(name, at)) {
            for (alias, range) in wanted {
                if let Some(to) = look_up(alias, range) {
                    found.add_edge(&from, alias, to);
                }
            }
        }
    }
    Ok(())
}

/// Returns name and version of a package of a registry: `left@npm:1.2.0`; one that Yarn patched is the one it patched.
fn published(resolution: &str) -> Option<(&str, &str)> {
    let (name, rest) = resolution.split_once("@npm:")?;
    // An archive elsewhere: `1.2.0::__archiveUrl=…`.
    (!rest.contains("::")).then_some((name, rest))
}
