//! Registries that are the usual ones of a project beside: where others of the repository have packages of the ecosystem from elsewhere, they
//! are asked for what the project's own lockfile has from them, and for nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use super::locked;
use crate::import::Imported;
use crate::import::locks::LockedVersions;
use crate::manifest::{self, RegistryUrl};
use crate::model::{Ecosystem, PackageId, Settings};
use crate::ops::Result;

/// The most packages that a registry claims. One that has more stands for the public one.
const MOST: usize = 200;

/// Gives the usual registries of a project in `folder` the packages that they are for; `others` are the folders of projects beside, and `all`
/// is what these set.
pub(in crate::ops) fn claim(
    root: &Path,
    (folder, others): (&str, &[String]),
    all: &Imported,
    found: &mut Imported,
) -> Result<()> {
    let is_known = |url: &str| all.registries.iter().any(|known| known.url == url);
    let mut told = Vec::new();
    for registry in &mut found.registries {
        let is_usual = manifest::built_in_name(registry.ecosystem) == Some(registry.name.as_str());
        let Ok(url) = RegistryUrl::parse(&registry.url) else { continue };
        if !is_usual || !registry.packages.is_empty() || registry.is_flat || is_known(&registry.url) {
            continue;
        }
        let mut elsewhere = BTreeSet::new();
        for other in std::iter::once("").chain(others.iter().map(String::as_str)).filter(|other| *other != folder) {
            elsewhere.extend(packages(&read(root, other)?, registry.ecosystem, &url).1);
        }
        if elsewhere.is_empty() {
            continue;
        }
        let (own, _) = packages(&read(root, folder)?, registry.ecosystem, &url);
        let own: Vec<String> = own.difference(&elsewhere).map(|id| id.name.to_string()).collect();
        if own.is_empty() || own.len() > MOST {
            told.push(format!("that {} is asked for {folder} alone", registry.url));
            continue;
        }
        let host = url.http().map(|url| url.host().to_owned()).unwrap_or_default();
        registry.name = if host.is_empty() { folder.to_owned() } else { host };
        registry.packages = own;
    }
    for what in told {
        found.refuse(what, "it is asked for the whole repository: `packages` in its block names those that it is for");
    }
    Ok(())
}

/// Reads the lockfiles of a folder. One that cannot be read is told of when the versions are taken over.
fn read(root: &Path, folder: &str) -> Result<LockedVersions> {
    let mut all = LockedVersions::default();
    for file in locked::beside(root, folder)? {
        if let Ok(versions) = locked::read(root, &[file], &[] as &[&str], &Settings::default()) {
            all.merge(versions);
        }
    }
    Ok(all)
}

/// Returns the packages of an ecosystem that a lockfile has from a registry, and those that it has from elsewhere. Some tools of npm tell no
/// place that is the usual one.
fn packages(
    locked: &LockedVersions,
    ecosystem: Ecosystem,
    url: &RegistryUrl,
) -> (BTreeSet<PackageId>, BTreeSet<PackageId>) {
    let (mut from_it, mut elsewhere) = (BTreeSet::new(), BTreeSet::new());
    let mut placed = BTreeSet::new();
    for (key, places) in locked.places().filter(|(key, _)| key.id.ecosystem == ecosystem) {
        placed.insert(&key.id);
        let set = if places.iter().any(|place| place.is_of(url)) { &mut from_it } else { &mut elsewhere };
        set.insert(key.id.clone());
    }
    for id in locked.packages().keys().filter(|id| id.ecosystem == ecosystem && !placed.contains(id)) {
        let set = if ecosystem.has_scopes() { &mut from_it } else { &mut elsewhere };
        set.insert(id.clone());
    }
    (from_it, elsewhere)
}
