//! Bun's bun.lock, JSON with trailing commas: <https://bun.sh/docs/install/lockfile>.
//!
//! `packages` has an entry for each place: `a/b` is what `a` finds as `b`, and the folder's own entry is `b`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::{PackageKey, split_at_version};

use super::UnreadableLock;
use super::places::LockedPlace;
use super::versions::LockedVersions;

#[derive(Deserialize)]
struct BunLock {
    #[serde(default)]
    workspaces: BTreeMap<String, BunWorkspace>,
    #[serde(default)]
    packages: BTreeMap<String, Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BunWorkspace {
    #[serde(default)]
    name: String,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, String>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, String>,
    #[serde(default)]
    peer_dependencies: BTreeMap<String, String>,
    /// The names of the peers that are not installed if nothing provides them.
    #[serde(default)]
    optional_peers: BTreeSet<String>,
}

/// Reads a lockfile.
pub(super) fn read(text: &str, found: &mut LockedVersions) -> Result<(), UnreadableLock> {
    let lock: BunLock = jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default())
        .map_err(|error| error.to_string())
        .and_then(|value| serde_json::from_value(value.unwrap_or_default()).map_err(|error| error.to_string()))?;
    let mut keys: BTreeMap<&str, PackageKey> = BTreeMap::new();
    for (place, entry) in &lock.packages {
        // A version with a protocol (`workspace:`, `github:`) is none.
        let Some((name, version)) = entry.first().and_then(Value::as_str).and_then(split_at_version) else { continue };
        let Some(key) = found.add_npm(name, version) else { continue };
        if let Some(integrity) = entry.last().and_then(Value::as_str) {
            found.add_integrity(&key, integrity);
        }
        // Empty for the usual registry.
        if let Some(from) = entry.get(1).and_then(Value::as_str).and_then(LockedPlace::of_file) {
            found.add_place(&key, from);
        }
        if place.matches('/').count() == usize::from(place.starts_with('@')) {
            found.add_on_top(place, &key);
        }
        if let Some(bin) = entry.iter().find_map(|part| part.get("bin")) {
            found.add_executables(&key, bin);
        }
        keys.insert(place, key);
    }
    for (folder, workspace) in &lock.workspaces {
        let all = [&workspace.dependencies, &workspace.dev_dependencies, &workspace.optional_dependencies];
        let peers = workspace.peer_dependencies.keys().filter(|name| !workspace.optional_peers.contains(*name));
        for alias in all.into_iter().flat_map(BTreeMap::keys).chain(peers) {
            // What the root has lies on top; a place of its name is that of a package of a registry.
            let own = (!folder.is_empty()).then(|| format!("{}/{alias}", workspace.name));
            if let Some(to) = own.and_then(|own| keys.get(&*own)).or_else(|| keys.get(&**alias)) {
                found.add_line(folder, alias, to);
            }
        }
    }
    for (place, entry) in &lock.packages {
        let (Some(from), Some(facts)) = (keys.get(&**place), entry.iter().find_map(Value::as_object)) else { continue };
        // A peer counts where its owner does not provide it.
        let wanted = ["dependencies", "optionalDependencies", "peerDependencies"];
        let wanted = wanted.map(|field| facts.get(field).and_then(Value::as_object));
        wanted[1].into_iter().flat_map(Map::keys).for_each(|name| found.note_optional(from, name));
        let optional_peers = facts.get("optionalPeers").and_then(Value::as_array);
        let is_optional =
            |alias: &String| optional_peers.is_some_and(|names| names.iter().any(|name| name.as_str() == Some(alias)));
        for alias in wanted.into_iter().flatten().flat_map(Map::keys) {
            let Some(to) = walk(place, alias, &keys) else {
                if lock.packages.get(alias).is_some_and(|entry| is_member(entry)) {
                    found.add_linked(alias);
                }
                continue;
            };
            if is_optional(alias) {
                found.add_optional_peer(from, alias, to);
            } else {
                found.add_edge(from, alias, to);
            }
        }
    }
    Ok(())
}

/// Returns whether an entry is a member of the workspace: `ms@workspace:packages/ms`.
fn is_member(entry: &[Value]) -> bool {
    let resolved = entry.first().and_then(Value::as_str).and_then(split_at_version);
    resolved.is_some_and(|(_, version)| version.starts_with("workspace:"))
}

/// Returns what a place finds under a name: its own, or that of a place above.
fn walk<'k>(place: &str, alias: &str, keys: &'k BTreeMap<&str, PackageKey>) -> Option<&'k PackageKey> {
    let mut at = Some(place);
    while let Some(above) = at {
        if let Some(found) = keys.get(&*format!("{above}/{alias}")) {
            return Some(found);
        }
        // A scope is no place of its own.
        at = above.rfind('/').map(|end| &above[..end]);
        at = at.map(|above| {
            above.rsplit_once('/').filter(|(_, last)| last.starts_with('@')).map_or(above, |(rest, _)| rest)
        });
        at = at.filter(|above| !above.starts_with('@') || above.contains('/'));
    }
    keys.get(alias)
}
