//! The yarn.lock of Yarn 1: <https://classic.yarnpkg.com/lang/en/docs/yarn-lock/>.
//!
//! ```text
//! "left@^1.0.0", left@^1.1.0:
//!   version "1.2.0"
//!   resolved "https://…/left-1.2.0.tgz#0123…"
//!   integrity sha512-…
//!   dependencies:
//!     right "^1.0.0"
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Algorithm, Digest, Ecosystem, LocalFile, PackageKey, Version, split_at_version};

use super::places::LockedPlace;
use super::top_level::{DependencyTree, LockedDependency};
use super::versions::LockedVersions;
use super::{DeclaredRanges, UnreadableLock};

#[derive(Default)]
struct YarnLockEntry {
    /// Each `name@range` that it answers.
    descriptors: Vec<String>,
    version: String,
    resolved: String,
    integrity: String,
    dependencies: Vec<(String, String)>,
    /// The names of the dependencies that it goes without.
    optional: Vec<String>,
}

/// Reads a lockfile. Which ranges the project itself asks for stands in its manifests alone.
pub(super) fn read(text: &str, declared: &[DeclaredRanges], found: &mut LockedVersions) -> Result<(), UnreadableLock> {
    let entries = entries(text)?;
    found.leave_peers_out();
    let mut keys: BTreeMap<&str, PackageKey> = BTreeMap::new();
    let mut by_name: BTreeMap<&str, BTreeSet<PackageKey>> = BTreeMap::new();
    for entry in &entries {
        let place = entry.resolved.split('#').next().unwrap_or_default();
        if !place.is_empty() && !place.starts_with("http") && LocalFile::npm_path(place).is_none() {
            continue;
        }
        for descriptor in &entry.descriptors {
            let Some((alias, range)) = split_at_version(descriptor) else { continue };
            // A folder is no version of the package that a registry has under its name.
            let is_place = ["file:", "link:", "portal:", "./", "../"].iter().any(|start| range.starts_with(start));
            if is_place && LocalFile::npm_path(range).is_none() {
                continue;
            }
            let name = range
                .strip_prefix("npm:")
                .map_or(alias, |aliased| split_at_version(aliased).map_or(aliased, |(name, _)| name));
            let Some(key) = found.add_npm(name, published_version(name, entry)) else { continue };
            found.add_integrity(&key, &entry.integrity);
            if entry.integrity.is_empty() {
                // Before there was one, the digest stood behind the URL.
                let fragment = entry.resolved.split_once('#').map(|(_, digest)| digest).unwrap_or_default();
                let digest = Digest::from_hex(Algorithm::Sha1, fragment);
                if let Ok(digest) = digest {
                    found.add_digest(&key, None, digest);
                }
            }
            if let Some(place) = LockedPlace::of_file(place) {
                found.add_place(&key, place);
            }
            by_name.entry(alias).or_default().insert(key.clone());
            keys.insert(descriptor, key);
        }
    }
    // A resolution answers for every range of its name, and not all of them are written down.
    let look_up = |alias: &str, range: &str| {
        let only = || by_name.get(alias).filter(|keys| keys.len() == 1).and_then(BTreeSet::first);
        keys.get(&*format!("{alias}@{range}")).or_else(only)
    };
    let mut tree = DependencyTree::default();
    for entry in &entries {
        let Some(from) = entry.descriptors.first().and_then(|first| keys.get(&**first)).cloned() else { continue };
        let wanted = locked(&entry.dependencies, &look_up);
        for to in &wanted {
            found.add_edge(&from, to.alias, &to.key);
        }
        entry.optional.iter().for_each(|name| found.note_optional(&from, name));
        tree.packages.insert(from, wanted);
    }
    let own = found.dependent("");
    for DeclaredRanges { dependent, ranges } in declared {
        let wanted = locked(ranges, &look_up);
        for to in &wanted {
            found.add_line_of(dependent, to.alias, &to.key);
        }
        if *dependent == own {
            tree.root = wanted;
        } else {
            tree.members.push(wanted);
        }
    }
    tree.note_top_level(found);
    Ok(())
}

/// Returns what names and ranges got.
fn locked<'l, 'k>(
    wanted: &'l [(String, String)],
    look_up: &impl Fn(&str, &str) -> Option<&'k PackageKey>,
) -> Vec<LockedDependency<'l>> {
    wanted.iter().filter_map(|(alias, range)| LockedDependency::find((alias, range), look_up)).collect()
}

/// Returns the version that the registry has an entry's file under. `version` is what the file's own package.json says, which
/// may be another one.
fn published_version<'e>(name: &str, entry: &'e YarnLockEntry) -> &'e str {
    let file = entry.resolved.split(['#', '?']).next().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    let base = name.rsplit('/').next().unwrap_or(name);
    let stated = file.strip_prefix(base).and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".tgz"));
    stated.filter(|version| Version::parse(Ecosystem::OF_NODE, version).is_ok()).unwrap_or(&entry.version)
}

fn entries(text: &str) -> Result<Vec<YarnLockEntry>, UnreadableLock> {
    let mut entries: Vec<YarnLockEntry> = Vec::new();
    let (mut in_dependencies, mut is_optional) = (false, false);
    for (number, line) in text.lines().enumerate() {
        let body = line.trim();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        if depth == 0 {
            let Some(head) = body.strip_suffix(':') else {
                return Err(format!("line {}: `{body}` begins no entry", number + 1).into());
            };
            let descriptors = head.split(',').map(|one| unquoted(one.trim()).to_owned()).collect();
            entries.push(YarnLockEntry { descriptors, ..YarnLockEntry::default() });
            in_dependencies = false;
            continue;
        }
        let Some(entry) = entries.last_mut() else {
            return Err(format!("line {}: `{body}` belongs to no entry", number + 1).into());
        };
        if depth <= 2 {
            is_optional = body == "optionalDependencies:";
            in_dependencies = is_optional || body == "dependencies:";
            let (field, value) = body.split_once(' ').unwrap_or((body, ""));
            match field {
                "version" => unquoted(value).clone_into(&mut entry.version),
                "resolved" => unquoted(value).clone_into(&mut entry.resolved),
                "integrity" => unquoted(value).clone_into(&mut entry.integrity),
                _ => {}
            }
        } else if in_dependencies && let Some((name, range)) = name_and_value(body) {
            entry.dependencies.push((name.to_owned(), unquoted(range).to_owned()));
            entry.optional.extend(is_optional.then(|| name.to_owned()));
        }
    }
    Ok(entries)
}

/// Splits `"@scope/name" "^1.0.0"`.
fn name_and_value(body: &str) -> Option<(&str, &str)> {
    match body.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(name, value)| (name, value.trim())),
        None => body.split_once(' ').map(|(name, value)| (name, value.trim())),
    }
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}
