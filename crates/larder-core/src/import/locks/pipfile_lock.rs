//! Pipenv's Pipfile.lock, JSON with a table for each category of packages.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::model::{Algorithm, Digest};

use super::UnreadableLock;
use super::places::LockedPlace;
use super::versions::LockedVersions;

#[derive(Deserialize)]
struct LockedPackage {
    version: Option<String>,
    #[serde(default)]
    hashes: Vec<String>,
    /// The source that it is from, by its name.
    index: Option<String>,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    sources: Vec<PackageSource>,
}

#[derive(Deserialize)]
struct PackageSource {
    #[serde(default)]
    name: String,
    #[serde(default)]
    url: String,
}

/// Reads a lockfile. What is from a repository or a folder has no version in it.
pub(super) fn read(text: &str, found: &mut LockedVersions) -> Result<(), UnreadableLock> {
    let mut categories: BTreeMap<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let Some(meta) = categories.remove("_meta") else { return Err("it has no `_meta`".to_owned().into()) };
    let Meta { sources } = serde_json::from_value(meta).unwrap_or_default();
    for category in categories.into_values() {
        let packages: BTreeMap<String, LockedPackage> =
            serde_json::from_value(category).map_err(|error| error.to_string())?;
        for (name, package) in packages {
            let version = package.version.as_deref().and_then(|version| version.trim().strip_prefix("=="));
            let Some(key) = version.and_then(|version| found.add_pypi(&name, version)) else { continue };
            let named = package.index.as_deref().and_then(|index| sources.iter().find(|source| source.name == index));
            if let Some(source) = named.or_else(|| sources.first().filter(|_| sources.len() == 1)) {
                found.add_place(&key, LockedPlace::of_index(&source.url));
            }
            for hex in package.hashes.iter().filter_map(|hash| hash.strip_prefix("sha256:")) {
                if let Ok(digest) = Digest::from_hex(Algorithm::Sha256, hex) {
                    found.add_digest(&key, None, digest);
                }
            }
        }
    }
    Ok(())
}
