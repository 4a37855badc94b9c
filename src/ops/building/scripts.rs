//! Install scripts: read from a package's files, and locked where they may run.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::build::{self, Script, ScriptSet};
use crate::fetch::RequestedArtifact;
use crate::fs;
use crate::lock::Lockfile;
use crate::model::{Builds, Digest, Graph, LockedScripts, Package, PackageKey};
use crate::ops::project::Project;
use crate::ops::registries::LazyRegistries;
use crate::ops::{Result, Session};
use crate::registry::Registries;
use crate::store::Tree;

use super::error::BuildsError;
use super::source::{fetch_all, has_same_source};

/// The most bytes of a package.json that are read.
const LARGEST: u64 = 16 << 20;

/// Returns which scripts of a package run: those that make it of its sources, or those that run when it is installed.
pub(in crate::ops) fn set_of(package: &Package) -> ScriptSet {
    if package.needs_build() { ScriptSet::Prepare } else { ScriptSet::Install }
}

/// Returns the files of a package that has its scripts, as its registry or its source serves them.
pub(in crate::ops) fn tree(
    source: &LazyRegistries<'_>,
    key: &PackageKey,
    package: &Package,
) -> Result<Option<Arc<Tree>>> {
    let (Some(origin), Some(artifact)) = (&package.origin, package.artifacts.first()) else { return Ok(None) };
    let fetched = fetch_all(source.session, source, &[RequestedArtifact::new(key, origin, artifact)]);
    source.opened()?;
    Ok(fetched?.into_iter().next().map(|(_, tree)| tree))
}

/// Returns the scripts of a set, in their order.
pub(in crate::ops) fn read(package: &PackageKey, tree: &Tree, set: ScriptSet) -> Result<Vec<Script>> {
    let bad = |reason: String| BuildsError::BadPackageJson { package: package.clone(), reason: reason.into() };
    let text = match tree.entry("package.json") {
        Some(_) => fs::read_up_to(&tree.folder.join("package.json"), LARGEST)?,
        None => None,
    };
    let text = text.ok_or_else(|| bad("it is missing or too large".to_owned()))?;
    let has_gyp = tree.entry("binding.gyp").is_some();
    let scripts = build::scripts(&text, has_gyp, set).map_err(|error| bad(error.to_string()))?;
    Ok(scripts)
}

/// Returns the scripts of all packages of a solution whose scripts may run, and those of tools that build some of them. Those of `old`
/// are what was approved.
pub(super) fn lock(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    (graph, tools): (&Graph, &BTreeMap<PackageKey, Package>),
    old: Option<&Lockfile>,
) -> Result<BTreeMap<PackageKey, LockedScripts>> {
    let rules = &project.manifest.settings.builds;
    let (mut locked, mut wanted) = (BTreeMap::new(), Vec::new());
    let tools = tools.iter().filter(|(key, tool)| !tool.needs_build() && !graph.packages.contains_key(*key));
    for (key, package) in graph.packages.iter().chain(tools) {
        if !package.has_scripts(key.id.ecosystem) || !rules.approves(&key.id, &key.version) {
            continue;
        }
        let unchanged = old.filter(|old| has_same_source(old, key, package));
        if let Some(known) = unchanged.and_then(|old| old.builds.scripts.get(key)) {
            locked.insert(key.clone(), known.clone());
            continue;
        }
        if let (Some(origin), Some(artifact)) = (&package.origin, package.artifacts.first()) {
            wanted.push(RequestedArtifact::new(key, origin, artifact));
        }
    }
    for (package, tree) in fetch_all(session, registries, &wanted)? {
        let set = graph.packages.get(&package).map_or(ScriptSet::Install, set_of);
        let digest = build::scripts_digest(&read(&package, &tree, set)?);
        let approved = old.and_then(|old| not_approved(&old.builds, &package, &digest));
        locked.insert(package, LockedScripts { digest, approved });
    }
    Ok(locked)
}

/// Returns what was approved of other versions, if that is not this. What a manifest approves for the first time is approved
/// as it is.
fn not_approved(old: &Builds, package: &PackageKey, digest: &Digest) -> Option<Digest> {
    let of_package = old.scripts.iter().filter(|(known, _)| known.id == package.id);
    let mut approved = of_package.map(|(_, scripts)| scripts.approved.as_ref().unwrap_or(&scripts.digest));
    let first = approved.next()?;
    (first != digest && approved.all(|other| other != digest)).then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Algorithm, Ecosystem, PackageId, PackageName, Version};

    fn digest(of: u8) -> Digest {
        Digest::new(Algorithm::Sha256, &[of; 32])
    }

    fn key(version: &str) -> PackageKey {
        let id = PackageId::new(Ecosystem::Npm, PackageName::npm("native").unwrap());
        PackageKey { id, version: Version::parse(Ecosystem::Npm, version).unwrap() }
    }

    fn old(known: &[(&str, u8, Option<u8>)]) -> Builds {
        let scripts = known.iter().map(|(version, of, approved)| {
            (key(version), LockedScripts { digest: digest(*of), approved: approved.map(digest) })
        });
        Builds { scripts: scripts.collect(), ..Builds::default() }
    }

    #[test]
    fn other_scripts_than_those_of_the_version_before_ask_again() {
        let check = |known: &[_], of, expected: Option<u8>| {
            assert_eq!(not_approved(&old(known), &key("3.0.0"), &digest(of)), expected.map(digest), "{known:?}");
        };
        check(&[], 1, None);
        check(&[("1.0.0", 1, None)], 1, None);
        check(&[("1.0.0", 1, None)], 2, Some(1));
        // What was never approved does not become so by an update.
        check(&[("2.0.0", 2, Some(1))], 2, Some(1));
        check(&[("2.0.0", 2, Some(1))], 3, Some(1));
        check(&[("2.0.0", 2, Some(1))], 1, None);
        check(&[("1.0.0", 1, None), ("2.0.0", 2, None)], 2, None);
    }
}
