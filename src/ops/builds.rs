//! What of a lock wants to be built, and letting it.

use serde::Serialize;

use crate::lock::Lockfile;
use crate::manifest::{self, ManifestKind, edit};
use crate::model::{Artifact, Package, PackageId, PackageKey, PackageName, Platform};
use crate::profile::Profiles;

use super::project::snapshot::{self, InputSnapshot};
use super::project::spec::{Known, Spec, SpecError};
use super::project::target::{Edited, Target};
use super::{Context, Project, Result, lock, project};

/// `larder builds --json`: see `schema/builds.json`.
#[derive(Debug, Serialize)]
pub struct WantedBuilds {
    /// The packages, sorted.
    pub builds: Vec<WantedBuild>,
}

/// A package that wants to be built.
#[derive(Debug, Serialize)]
pub struct WantedBuild {
    /// The ecosystem.
    pub ecosystem: &'static str,
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// Why, a lowercase sentence.
    pub reason: String,
    /// The declared platforms on which it has to be built.
    pub platforms: Vec<String>,
    /// Whether the manifest lets it be built.
    pub allowed: bool,
    /// The tools that the lock has for it: `pypi:setuptools@75.8.0`.
    pub tools: Vec<String>,
}

/// Lists what of the lock wants to be built.
pub fn list(context: &Context<'_>) -> Result<WantedBuilds> {
    let project = Project::open(context)?;
    let lockfile = lock::existing(&project)?;
    let declared: Vec<Platform> = lockfile.settings.platforms.iter().map(|target| target.platform).collect();
    let wanted = |(key, package): (&PackageKey, &Package)| {
        let (reason, platforms) = reason(package, &declared)?;
        let tools = lockfile.builds.requirements.get(key).into_iter().flat_map(|needed| needed.tools.keys());
        Some(WantedBuild {
            ecosystem: key.id.ecosystem.as_str(),
            name: key.id.name.to_string(),
            version: key.version.to_string(),
            reason,
            platforms: platforms.iter().map(ToString::to_string).collect(),
            allowed: project.manifest.settings.builds.approves(&key.id, &key.version),
            tools: tools.map(ToString::to_string).collect(),
        })
    };
    Ok(WantedBuilds { builds: lockfile.graph.packages.iter().filter_map(wanted).collect() })
}

/// Returns why a package wants to be built, and on which platforms. Returns `None` if it does not.
fn reason(package: &Package, declared: &[Platform]) -> Option<(String, Vec<Platform>)> {
    if package.facts.install_script {
        return Some(("it has install scripts, which do not run".to_owned(), declared.to_vec()));
    }
    let sdist = package.artifacts.iter().find(|artifact| artifact.kind.needs_build())?;
    let serves = |artifact: &Artifact, platform: &Platform| {
        artifact.platforms.is_empty() || artifact.platforms.contains(platform)
    };
    let platforms: Vec<Platform> = declared.iter().copied().filter(|platform| serves(sdist, platform)).collect();
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    Some((format!("it has no wheel for {}", names.join(", ")), platforms))
}

/// Lets packages be built: writes their lines into the manifest. Returns the packages that were not allowed before.
pub fn allow(context: &Context<'_>, names: &[String]) -> Result<Vec<PackageId>> {
    let root = project::find_root(context)?;
    snapshot::undisturbed(&root, |snapshot| allow_once(context, &Project::read(root.clone())?, names, snapshot))
}

/// None where somebody else wrote manifest or lock meanwhile.
fn allow_once(
    context: &Context<'_>,
    project: &Project,
    names: &[String],
    snapshot: &InputSnapshot,
) -> Result<Option<Vec<PackageId>>> {
    let lockfile = lock::read(project)?.lockfile().unwrap_or_default();
    let target = Target::root(project);
    let (mut text, mut added) = (target.text().to_owned(), Vec::new());
    for name in names {
        let package = package(project, &lockfile, name)?;
        if project.manifest.settings.builds.names(&package) || added.contains(&package) {
            continue;
        }
        let line = format!("allow {} {}", package.ecosystem, edit::quoted(package.name.as_str()));
        text = edit::add_line(&target.file, &text, &edit::Block::Named("builds"), &line)?;
        added.push(package);
    }
    if added.is_empty() {
        return Ok(Some(added));
    }
    // What cannot be allowed is an error of the manifest.
    manifest::parse(&target.file, &text, ManifestKind::Root)?;
    let held = snapshot::hold(context, &Profiles::open(&project.root)?)?;
    let written = snapshot.stands(&project.root)? && Edited { target: &target, text: &text }.write()?;
    held.release()?;
    Ok(written.then_some(added))
}

/// Returns the package that a word names: with its ecosystem, or by its name alone if the lock or a manifest has it.
fn package(project: &Project, lockfile: &Lockfile, word: &str) -> Result<PackageId> {
    let known = Known::parse(word);
    let locked = lockfile.graph.packages.keys().map(|key| key.id.clone());
    let declared = project.lines.iter().map(|line| line.requirement.package());
    if let Some(package) = locked.chain(declared).find(|package| known.names(package)) {
        return Ok(package);
    }
    let spec = Spec::parse(word)?;
    let name = PackageName::parse(spec.ecosystem, &spec.name)
        .map_err(|error| SpecError::NoName { text: word.to_owned(), reason: error.to_string() })?;
    Ok(PackageId::new(spec.ecosystem, name))
}
