//! pnpm's pnpm-lock.yaml, of the versions 6 and 9: <https://github.com/pnpm/spec/tree/master/lockfile>.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::model::{LocalFile, PackageKey, parse_npm_version};

use super::UnreadableLock;
use super::places::LockedPlace;
use super::versions::LockedVersions;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PnpmLock {
    lockfile_version: LockfileVersion,
    #[serde(default)]
    settings: PnpmLockSettings,
    /// The digest of a `.pnpmfile.cjs`.
    pnpmfile_checksum: Option<Value>,
    #[serde(default)]
    importers: BTreeMap<String, Importer>,
    /// Version 6 of a project without a workspace has its one importer here.
    #[serde(flatten)]
    root: Importer,
    #[serde(default)]
    packages: BTreeMap<String, PnpmLockPackage>,
    /// Version 6 has them in `packages`.
    #[serde(default)]
    snapshots: BTreeMap<String, Snapshot>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PnpmLockSettings {
    auto_install_peers: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LockfileVersion {
    Text(String),
    Number(f64),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Importer {
    #[serde(default)]
    dependencies: BTreeMap<String, Resolved>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, Resolved>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Resolved>,
}

#[derive(Deserialize)]
struct Resolved {
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PnpmLockPackage {
    /// Those of an archive of the checkout; version 6 has the name too.
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    resolution: Resolution,
    #[serde(default)]
    peer_dependencies: BTreeMap<String, Value>,
    #[serde(default)]
    peer_dependencies_meta: BTreeMap<String, PeerMeta>,
    #[serde(flatten)]
    snapshot: Snapshot,
}

#[derive(Deserialize)]
struct PeerMeta {
    #[serde(default)]
    optional: bool,
}

#[derive(Default, Deserialize)]
struct Resolution {
    integrity: Option<String>,
    /// Where the file is, if its registry has it elsewhere than usual.
    tarball: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, String>,
}

/// Reads a lockfile. What an instance has as a peer counts where its owner does not provide it.
pub(super) fn read(text: &str, found: &mut LockedVersions) -> Result<(), UnreadableLock> {
    // Since version 11, pnpm writes what it needs itself into a document of its own, before that of the project.
    let lock: PnpmLock = super::parse_last_yaml(text)?;
    if lock.settings.auto_install_peers == Some(false) {
        found.leave_peers_out();
    }
    if lock.pnpmfile_checksum.is_some() {
        found.note_hooks();
    }
    let version = match lock.lockfile_version {
        LockfileVersion::Text(text) => text,
        LockfileVersion::Number(number) => number.to_string(),
    };
    if !["6", "7", "9"].contains(&version.split('.').next().unwrap_or_default()) {
        let reason = format!("its lockfileVersion is {version}, and 6 and 9 are known");
        return Err(UnreadableLock {
            reason,
            help: Some("`pnpm install --lockfile-only` with pnpm 8 or later writes it anew"),
        });
    }
    let archives: BTreeMap<&str, (&str, &str)> = lock.packages.iter().filter_map(archive).collect();
    let key = |found: &mut LockedVersions, alias: &str, text: &str| match archives.get(place(text)) {
        Some((name, version)) => found.add_archive(name, version),
        None => key(found, alias, text),
    };
    for (id, package) in &lock.packages {
        let bare = without_peers(id);
        if let (Some(key), Some(integrity)) = (key(found, "", bare), &package.resolution.integrity) {
            found.add_integrity(&key, integrity);
        }
        if let Some(place) = package.resolution.tarball.as_deref().and_then(LockedPlace::of_file)
            && let Some(key) = key(found, "", bare)
        {
            found.add_place(&key, place);
        }
        if !package.peer_dependencies.is_empty()
            && let Some(key) = key(found, "", bare)
        {
            package.peer_dependencies.keys().for_each(|name| found.note_peer(&key, name));
        }
    }
    let importers = lock.importers.iter().map(|(folder, importer)| (&**folder, importer));
    for (folder, importer) in importers.chain([(".", &lock.root)]) {
        let all = [&importer.dependencies, &importer.optional_dependencies, &importer.dev_dependencies];
        for (alias, resolved) in all.into_iter().flatten() {
            if let Some(to) = key(found, alias, without_peers(&resolved.version)) {
                found.add_line(folder, alias, &to);
            }
        }
    }
    let optional_peers: BTreeSet<(&str, &str)> = lock
        .packages
        .iter()
        .flat_map(|(id, package)| package.peer_dependencies_meta.iter().map(move |(name, meta)| (id, name, meta)))
        .filter(|(.., meta)| meta.optional)
        .map(|(id, name, _)| (without_peers(id), &**name))
        .collect();
    let in_packages = lock.packages.iter().map(|(id, package)| (id, &package.snapshot));
    for (id, snapshot) in in_packages.chain(&lock.snapshots) {
        let bare = without_peers(id);
        let Some(from) = key(found, "", bare) else { continue };
        snapshot.optional_dependencies.keys().for_each(|name| found.note_optional(&from, name));
        for (alias, version) in snapshot.dependencies.iter().chain(&snapshot.optional_dependencies) {
            let Some(to) = key(found, alias, without_peers(version)) else {
                found.note_foreign(&from, alias);
                if version.starts_with("link:") {
                    found.add_linked(alias);
                }
                continue;
            };
            if optional_peers.contains(&(bare, alias)) {
                found.add_optional_peer(&from, alias, &to);
                found.note_bound_peer(&from, alias);
            } else {
                found.add_edge(&from, alias, &to);
            }
        }
    }
    Ok(())
}

/// Returns the path of an archive of the checkout with its name and version: `d@file:d-1.0.0.tgz`, in version 6 `file:d-1.0.0.tgz`.
fn archive<'l>((id, package): (&'l String, &'l PnpmLockPackage)) -> Option<(&'l str, (&'l str, &'l str))> {
    let place = LocalFile::npm_path(place(without_peers(id))).map(|_| place(without_peers(id)))?;
    let name = id.rsplit_once("@file:").map(|(name, _)| name).or(package.name.as_deref())?;
    Some((place, (name, package.version.as_deref()?)))
}

/// Returns the place in the id of a package: `file:d-1.0.0.tgz`.
fn place(id: &str) -> &str {
    id.rfind("@file:").map_or(id, |at| &id[at + 1..])
}

/// Returns what stands before the peers: `a@1.0.0(b@2.0.0)` is an instance of `a@1.0.0`.
fn without_peers(id: &str) -> &str {
    id.split_once('(').map_or(id, |(bare, _)| bare)
}

/// Returns the package that a version stands for: `1.0.0` of the package of that name, or `other@1.0.0` (version 6:
/// `/other@1.0.0`). Folders, repositories and URLs are none.
fn key(found: &mut LockedVersions, alias: &str, text: &str) -> Option<PackageKey> {
    let text = text.strip_prefix('/').unwrap_or(text);
    if parse_npm_version(text).is_some() {
        return found.add_npm(alias, text);
    }
    let at = text.rfind('@').filter(|at| *at > 0)?;
    let (name, version) = (&text[..at], &text[at + 1..]);
    parse_npm_version(version).and_then(|_| found.add_npm(name, version))
}
