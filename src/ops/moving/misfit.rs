//! Why versions that other tools locked are not taken, though all that asks for them admits them: they are there only as source, or they
//! bring packages from outside of registries.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::import::locks::LockedVersions;
use crate::lock::Lockfile;
use crate::model::{Edge, PackageId, PackageKey, Requirement, Version};
use crate::ops::Result;
use crate::resolve::{self, Dependency, Index, RefusedSource, Release, Wants};

/// Returns why no version is taken that a package had: one that it needs itself may be there only as source.
pub(super) fn misfit(
    before: &LockedVersions,
    lockfile: &Lockfile,
    (id, had): (&PackageId, &BTreeSet<Version>),
    index: &dyn Index,
) -> String {
    const MISFIT: &str = "the version it had does not fit what asks for it";

    let asked = asked_of(lockfile, id, index);
    let fits = |version: &&Version| asked.iter().all(|requirement| requirement.matches(version));
    let builds = &lockfile.settings.builds;
    let is_source = |version: &Version| {
        let known = index.versions(id);
        known.is_ok_and(|known| known.candidates.iter().any(|one| one.version == *version && one.is_source_only()))
    };
    if had.iter().filter(fits).any(|version| is_source(version) && !builds.approves(id, version)) {
        return format!("it is only there as source, and nothing lets it be built: `larder builds allow {id}`");
    }
    let is_unbuilt = |needed: &&PackageId| {
        let versions = before.packages().get(*needed);
        versions.is_some_and(|all| all.iter().all(|version| !builds.approves(needed, version)))
    };
    let unbuilt: BTreeSet<&PackageId> = before.source_only().filter(is_unbuilt).collect();
    let mut seen: BTreeSet<(PackageId, Version)> = BTreeSet::new();
    let mut open: Vec<(PackageId, Version)> =
        had.iter().filter(fits).map(|version| (id.clone(), version.clone())).collect();
    while let (Some((package, version)), false) = (open.pop(), unbuilt.is_empty()) {
        if !seen.insert((package.clone(), version.clone())) {
            continue;
        }
        let Some(release) = release(index, &package, &version) else { continue };
        for needed in release.dependencies.iter().filter_map(unconditional).map(Requirement::package) {
            if unbuilt.contains(&needed) {
                return format!("it needs {needed}, which is only there as source");
            }
            let versions = before.packages().get(&needed).into_iter().flatten();
            open.extend(versions.map(|version| (needed.clone(), version.clone())));
        }
    }
    let fitting = had.iter().filter(fits).map(|version| PackageKey { id: id.clone(), version: version.clone() });
    brought(before, lockfile, fitting.collect(), index).unwrap_or_else(|| MISFIT.to_owned())
}

/// Returns which of these versions, or of the locked ones that they lead to and that are locked no more, brings a package from outside of
/// registries, as a reason.
fn brought(
    before: &LockedVersions,
    lockfile: &Lockfile,
    mut open: Vec<PackageKey>,
    index: &dyn Index,
) -> Option<String> {
    let direct: BTreeSet<PackageKey> = open.iter().cloned().collect();
    let mut seen = BTreeSet::new();
    while let Some(key) = open.pop() {
        // What lies elsewhere, registries are not asked for.
        let is_asked = key.id.ecosystem.has_scopes() && !before.is_archive(&key);
        if !is_asked || lockfile.graph.packages.contains_key(&key) || !seen.insert(key.clone()) {
            continue;
        }
        if let Some(refused) = refused_source(lockfile, &key, index) {
            let is_direct = direct.contains(&key);
            return Some(if is_direct { format!("it {refused}") } else { format!("it needs {key}, which {refused}") });
        }
        let names = before.npm_edges().filter(|(from, _)| **from == key).map(|(_, name)| name);
        open.extend(names.flat_map(|name| before.targets(&key, name)));
    }
    None
}

fn refused_source(lockfile: &Lockfile, key: &PackageKey, index: &dyn Index) -> Option<RefusedSource> {
    resolve::refused_source(&lockfile.settings, &key.id, &*release(index, &key.id, &key.version)?)
}

/// Returns what the lines and the packages of a lock ask of a package.
fn asked_of(lockfile: &Lockfile, id: &PackageId, index: &dyn Index) -> Vec<Requirement> {
    let lines = lockfile.graph.roots.iter().map(|root| &root.requirement);
    let mut asked: Vec<Requirement> = lines.filter(|requirement| requirement.package() == *id).cloned().collect();
    let asks = |edge: &Edge| edge.to.package.id == *id;
    let dependents = lockfile.graph.instances.iter().filter(|(_, instance)| instance.edges.iter().any(asks));
    let dependents: BTreeSet<&PackageKey> = dependents.map(|(key, _)| &key.package).collect();
    for dependent in dependents {
        let release = release(index, &dependent.id, &dependent.version);
        let needs = release.iter().flat_map(|release| release.dependencies.iter().filter_map(unconditional));
        asked.extend(needs.filter(|requirement| requirement.package() == *id).cloned());
    }
    asked
}

/// Returns what a dependency asks for, unless that is for an extra.
fn unconditional(dependency: &Dependency) -> Option<&Requirement> {
    match &dependency.wants {
        Wants::Requirement(requirement) => {
            let is_of_extra = requirement.marker().is_some_and(|marker| !marker.extras().is_empty());
            (!is_of_extra).then_some(requirement)
        }
        Wants::Source { .. } | Wants::Unsupported { .. } => None,
    }
}

/// Returns the metadata of a version, if it can be had.
fn release(index: &dyn Index, package: &PackageId, version: &Version) -> Option<Arc<Release>> {
    let known = index.versions(package).ok()?;
    let place = known.candidates.iter().position(|candidate| candidate.version == *version)?;
    index.release(package, u32::try_from(place).ok()?).ok()
}

/// Fails where a locked version that lines and overrides still admit is only there as source, nothing lets it be built, and a newer
/// one would replace it.
pub(in crate::ops) fn check_built(before: &LockedVersions, lockfile: &Lockfile) -> Result<()> {
    let builds = &lockfile.settings.builds;
    let mut lost = Vec::new();
    for id in before.source_only() {
        let Some(version) = before.packages().get(id).filter(|versions| versions.len() == 1).and_then(BTreeSet::first)
        else {
            continue;
        };
        let mut now = lockfile.graph.packages.keys().filter(|key| key.id == *id).map(|key| &key.version).peekable();
        let is_replaced = now.peek().is_some() && now.all(|other| other != version);
        if is_replaced && !builds.approves(id, version) && is_admitted(lockfile, id, version) {
            lost.push((id.to_string(), version.to_string()));
        }
    }
    if lost.is_empty() { Ok(()) } else { Err(OnlySource { lost }.into()) }
}

/// Fails where locked versions that lines and overrides still admit bring packages from outside of registries, nothing lets them, and newer
/// ones would replace them.
pub(in crate::ops) fn check_sources(before: &LockedVersions, lockfile: &Lockfile, index: &dyn Index) -> Result<()> {
    let mut lost = Vec::new();
    for (id, had) in before.packages().iter().filter(|(id, _)| id.ecosystem.has_scopes()) {
        let now: BTreeSet<&Version> =
            lockfile.graph.packages.keys().filter(|key| key.id == *id).map(|key| &key.version).collect();
        if now.is_empty() {
            continue;
        }
        for version in had.iter().filter(|version| !now.contains(version) && is_admitted(lockfile, id, version)) {
            let key = PackageKey { id: id.clone(), version: version.clone() };
            lost.extend(refused_source(lockfile, &key, index).map(|refused| (key, refused)));
        }
    }
    if lost.is_empty() { Ok(()) } else { Err(Sourced { lost }.into()) }
}

/// Returns whether the overrides of a package or, without any, the lines that ask for it admit a version.
fn is_admitted(lockfile: &Lockfile, id: &PackageId, version: &Version) -> bool {
    let overrides = lockfile.settings.overrides.iter().filter(|one| one.package == *id && one.parent.is_none());
    let mut replacements = overrides.map(|one| one.replacement.as_ref()).peekable();
    if replacements.peek().is_some() {
        return replacements.flatten().any(|requirement| requirement.matches(version));
    }
    let lines = lockfile.graph.roots.iter().map(|root| &root.requirement);
    lines.filter(|requirement| requirement.package() == *id).all(|requirement| requirement.matches(version))
}

/// Locked versions that are there only as source, and that newer ones would replace.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error(
    "locked versions are there only as source: {}",
    lost.iter().map(|(package, version)| format!("{package} {version}")).collect::<Vec<_>>().join(", ")
)]
#[diagnostic(
    code(larder::lock::only_source),
    help(
        "`larder builds allow {}` lets them be built, in a sandbox, and the versions stay; else ask for newer ones in lines of \
         their own, or take newer ones of all with `larder update`",
        lost.iter().map(|(package, _)| package.as_str()).collect::<Vec<_>>().join(" ")
    )
)]
struct OnlySource {
    /// Packages and versions.
    lost: Vec<(String, String)>,
}

impl Failure for OnlySource {
    fn exit(&self) -> Exit {
        Exit::NoSolution
    }
}

/// Locked versions that bring packages from outside of registries, and that newer ones would replace.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error(
    "locked versions bring packages from outside of registries: {}",
    lost.iter().map(|(key, refused)| format!("{key} ({} as `{}`)", refused.name, refused.text)).collect::<Vec<_>>().join(", ")
)]
#[diagnostic(
    code(larder::lock::brought),
    help(
        "`resolution {{ transitive {}; }}` in larder.kdl lets packages bring them, and the versions stay; else ask for newer ones in \
         lines of their own, or take newer ones of all with `larder update`",
        lost.iter()
            .map(|(_, refused)| format!("\"{}\"", refused.kind))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
            .join(" ")
    )
)]
struct Sourced {
    lost: Vec<(PackageKey, RefusedSource)>,
}

impl Failure for Sourced {
    fn exit(&self) -> Exit {
        Exit::NoSolution
    }
}
