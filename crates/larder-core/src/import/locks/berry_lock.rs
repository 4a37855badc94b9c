//! The yarn.lock of Yarn 2 and later, which is YAML: <https://yarnpkg.com/configuration/manifest>. Its checksums are those of
//! Yarn's own archives and say nothing of what a registry serves.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::{LocalFile, NpmRange, PackageKey, split_at_version};

use super::UnreadableLock;
use super::places::LockedPlace;
use super::top_level::{DependencyTree, LockedDependency};
use super::versions::LockedVersions;
use super::yarn_extensions;

#[derive(Deserialize)]
struct BerryLockEntry {
    #[serde(default)]
    version: StatedVersion,
    #[serde(default)]
    resolution: String,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
    #[serde(default, rename = "peerDependencies")]
    peers: BTreeMap<String, String>,
    #[serde(default, rename = "dependenciesMeta")]
    meta: BTreeMap<String, DependencyMeta>,
}

/// A version, which YAML may take for a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum StatedVersion {
    Text(String),
    Other(IgnoredAny),
}

impl Default for StatedVersion {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

#[derive(Deserialize)]
struct DependencyMeta {
    #[serde(default)]
    optional: bool,
}

/// Reads a lockfile. A workspace is an entry like the others, with all that its package.json asks for.
pub(super) fn read(text: &str, found: &mut LockedVersions) -> Result<(), UnreadableLock> {
    let mut entries: BTreeMap<String, BerryLockEntry> = super::parse_yaml(text)?;
    entries.remove("__metadata");
    found.leave_peers_out();
    let mut keys: BTreeMap<&str, PackageKey> = BTreeMap::new();
    for (descriptors, entry) in &entries {
        if let Some(key) = entry.package().and_then(|(name, at)| found.add_npm(name, at)) {
            if let Some(place) = archive_url(&entry.resolution).as_deref().and_then(LockedPlace::of_file) {
                found.add_place(&key, place);
            }
            let descriptors = descriptors.split(',').map(str::trim);
            keys.extend(descriptors.clone().map(|descriptor| (descriptor, key.clone())));
            // Who asks for an archive does not say from where.
            let bare = descriptors.filter_map(|descriptor| Some(descriptor.split_once("::locator=")?.0));
            keys.extend(bare.map(|descriptor| (descriptor, key.clone())));
        }
    }
    // Before Yarn 4, dependencies have their ranges without the protocol that the entries have them with.
    let descriptors = |alias: &str, range: &str| [format!("{alias}@{range}"), format!("{alias}@npm:{range}")];
    let as_written =
        |alias: &str, range: &str| descriptors(alias, range).iter().find_map(|one| keys.get_key_value(&**one));
    let replacing = Replacing::new(&entries, &keys, as_written);
    let look_up = |alias: &str, range: &str| match as_written(alias, range) {
        Some((_, key)) => Some(key),
        None => replacing.find(alias, range),
    };
    let members: BTreeSet<&str> = entries
        .iter()
        .filter(|(_, entry)| entry.resolution.contains("@workspace:"))
        .flat_map(|(descriptors, _)| descriptors.split(',').map(str::trim))
        .collect();
    let mut tree = DependencyTree::default();
    for entry in entries.values() {
        if let Some((_, folder)) = entry.resolution.split_once("@workspace:") {
            let lines: Vec<_> = entry
                .dependencies
                .iter()
                .filter_map(|(alias, range)| LockedDependency::find((alias, range), look_up))
                .collect();
            for to in &lines {
                found.add_line(folder, to.alias, &to.key);
            }
            if folder == "." {
                tree.root = lines;
            } else {
                tree.members.push(lines);
            }
        } else if let Some(from) = entry.package().and_then(|(name, at)| found.add_npm(name, at)) {
            let wanted = entry.dependencies.iter().filter(|(alias, _)| !entry.peers.contains_key(*alias));
            let mut wanted: Vec<_> =
                wanted.filter_map(|(alias, range)| LockedDependency::find((alias, range), look_up)).collect();
            let is_declared = |name: &str| entry.dependencies.contains_key(name) || entry.peers.contains_key(name);
            let added = yarn_extensions::added_to(&from).filter(|(alias, _)| !is_declared(alias));
            let listed = |alias: &str, range: &str| as_written(alias, range).map(|(_, key)| key);
            wanted.extend(added.filter_map(|added| LockedDependency::find(added, listed)));
            for to in &wanted {
                found.add_edge(&from, to.alias, &to.key);
            }
            let optional = entry.meta.iter().filter(|(_, meta)| meta.optional);
            optional.for_each(|(name, _)| found.note_optional(&from, name));
            for (alias, range) in &entry.dependencies {
                if descriptors(alias, range).iter().any(|one| members.contains(&**one)) {
                    found.add_linked(alias);
                }
            }
            tree.packages.insert(from, wanted);
        }
    }
    tree.note_top_level(found);
    Ok(())
}

/// What `resolutions` put in the place of what is asked for: entries that nobody asks for as they are written.
struct Replacing<'k>(BTreeMap<&'k str, BTreeSet<&'k PackageKey>>);

impl<'k> Replacing<'k> {
    fn new(
        entries: &'k BTreeMap<String, BerryLockEntry>,
        keys: &'k BTreeMap<&'k str, PackageKey>,
        as_written: impl Fn(&str, &str) -> Option<(&'k &'k str, &'k PackageKey)>,
    ) -> Self {
        let asked = entries.values().flat_map(|entry| &entry.dependencies);
        let asked = asked.filter_map(|(alias, range)| Some(*as_written(alias, range)?.0));
        let listed = keys.values().flat_map(yarn_extensions::added_to);
        let listed = listed.filter_map(|(alias, range)| Some(*as_written(alias, range)?.0));
        let asked: BTreeSet<&str> = asked.chain(listed).collect();
        let mut found: BTreeMap<&str, BTreeSet<&PackageKey>> = BTreeMap::new();
        for (descriptor, key) in keys.iter().filter(|(descriptor, _)| !asked.contains(**descriptor)) {
            if let Some((alias, _)) = split_at_version(descriptor) {
                found.entry(alias).or_default().insert(key);
            }
        }
        Self(found)
    }

    /// Returns what stands for a range: the only one that can, or the only one of several that the range admits.
    fn find(&self, alias: &str, range: &str) -> Option<&'k PackageKey> {
        let all = self.0.get(alias)?;
        if all.len() == 1 {
            return all.first().copied();
        }
        let range: NpmRange = range.strip_prefix("npm:").unwrap_or(range).parse().ok()?;
        let mut admitted = all.iter().filter(|key| key.version.as_npm().is_some_and(|version| range.matches(version)));
        admitted.next().copied().filter(|_| admitted.next().is_none())
    }
}

impl BerryLockEntry {
    /// Returns name and version of a package of a registry, or of an archive of the checkout: `d@file:./d-1.0.0.tgz::locator=…`.
    fn package(&self) -> Option<(&str, &str)> {
        let archive = || {
            let (name, place) = self.resolution.split_once("@file:")?;
            LocalFile::npm_path(&self.resolution[name.len() + 1..]).or_else(|| {
                let (path, _) = place.split_once("::").or_else(|| place.split_once('#'))?;
                LocalFile::is_npm_archive(path).then_some(path)
            })?;
            match &self.version {
                StatedVersion::Text(version) => Some((name, version.as_str())),
                StatedVersion::Other(_) => None,
            }
        };
        published(&self.resolution).or_else(archive)
    }
}

/// Returns name and version of a package of a registry: `left@npm:1.2.0`; one that Yarn patched is the one it patched.
fn published(resolution: &str) -> Option<(&str, &str)> {
    let (name, rest) = resolution.split_once("@npm:")?;
    match rest.split_once("::") {
        None => Some((name, rest)),
        // Its registry has the archive elsewhere than usual.
        Some((version, _)) => archive_url(resolution).is_some().then_some((name, version)),
    }
}

/// Returns where a registry has an archive, if that is not the usual place: `left@npm:1.2.0::__archiveUrl=https%3A%2F%2F…`.
fn archive_url(resolution: &str) -> Option<String> {
    let (_, bindings) = resolution.split_once("@npm:")?.1.split_once("::")?;
    let encoded = bindings.split('&').find_map(|binding| binding.strip_prefix("__archiveUrl="))?;
    percent_encoding::percent_decode_str(encoded).decode_utf8().ok().map(Into::into)
}
