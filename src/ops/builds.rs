//! What of a lock wants to be built, and letting it.

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::manifest;
use crate::manifest::edit;
use crate::model::{Artifact, Package, PackageId, PackageKey, PackageName, Platform};

use super::project::spec::{Known, Spec};
use super::project::target::{Edited, Target};
use super::session::MANIFEST;
use super::{Context, Project, Result, lock};

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
    let project = Project::open(context)?;
    let (mut text, mut added) = (project.manifest.text.to_string(), Vec::new());
    for name in names {
        let package = package(&project, name)?;
        if project.manifest.settings.builds.names(&package) || added.contains(&package) {
            continue;
        }
        let line = format!("allow {} {}", package.ecosystem, edit::quoted(package.name.as_str()));
        text = edit::add_line(MANIFEST, &text, &edit::Block::Named("builds"), &line)?;
        added.push(package);
    }
    // What cannot be allowed is an error of the manifest.
    manifest::parse(MANIFEST, &text, manifest::ManifestKind::Root)?;
    let target = Target::root(&project);
    if !added.is_empty() && !(Edited { target: &target, text: &text }).write()? {
        return Err(ManifestChanged.into());
    }
    Ok(added)
}

/// Returns the package that a word names: with its ecosystem, or by its name alone if the lock or a manifest has it.
fn package(project: &Project, word: &str) -> Result<PackageId> {
    let known = Known::parse(word);
    let lockfile = lock::read(project)?.lockfile().unwrap_or_default();
    let locked = lockfile.graph.packages.keys().map(|key| key.id.clone());
    let declared = project.lines.iter().map(|line| line.requirement.package());
    if let Some(package) = locked.chain(declared).find(|package| known.names(package)) {
        return Ok(package);
    }
    let spec = Spec::parse(word)?;
    let name = PackageName::parse(spec.ecosystem, &spec.name)
        .map_err(|error| BadBuildName { word: word.to_owned(), reason: error.to_string() })?;
    Ok(PackageId::new(spec.ecosystem, name))
}

/// A word that names no package.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{word}` names no package: {reason}")]
#[diagnostic(code(larder::builds::bad_name), help("write it like pypi:psycopg2"))]
struct BadBuildName {
    word: String,
    reason: String,
}

impl Failure for BadBuildName {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Somebody else wrote the manifest meanwhile.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("larder.kdl was changed meanwhile, and is left as it is")]
#[diagnostic(code(larder::builds::manifest_changed), help("run the command again"))]
struct ManifestChanged;

impl Failure for ManifestChanged {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}
