//! What of a lock wants to be built, and letting it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::build::{Script, ScriptSet};
use crate::diagnostic::{self, Exit, Failure};
use crate::lock::Lockfile;
use crate::manifest::{self, ManifestKind, edit};
use crate::model::{Artifact, BuildRequirements, Package, PackageId, PackageKey, PackageName, Platform};
use crate::profile::Profiles;

use super::building::consent::{self, BuildGrant};
use super::building::scripts;
use super::moving::{locked, pending};
use super::project::snapshot::{self, InputSnapshot};
use super::project::spec::{Known, Spec, SpecError};
use super::project::target::{EditTarget, Edited};
use super::registries::LazyRegistries;
use super::{Context, Project, Result, Session, lock, project};

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
    /// Its install scripts, in their order. `None` if it is no package that can have some, or if they are not here and larder is
    /// offline.
    pub scripts: Option<Vec<InstallScript>>,
}

/// An install script.
#[derive(Debug, Serialize)]
pub struct InstallScript {
    /// When it runs: `postinstall`. Of one that others call, its name.
    pub event: String,
    /// A command line of the shell.
    pub text: String,
    /// The files of the package that it names.
    pub files: Vec<String>,
}

/// Lists what of the lock wants to be built.
pub fn list(session: &Session<'_>) -> Result<WantedBuilds> {
    let project = Project::open(session.context)?;
    let lockfile = lock::existing(&project)?;
    let declared: Vec<Platform> = lockfile.settings.platforms.iter().map(|target| target.platform).collect();
    let source = LazyRegistries::new(session, &project);
    let mut builds = Vec::new();
    // A tool is there as a wheel, or is built itself, or has scripts that run before it builds.
    let tools = lockfile.builds.tools.iter().filter(|(key, _)| !lockfile.graph.packages.contains_key(*key));
    let tools = tools
        .filter(|(key, tool)| lockfile.builds.requirements.contains_key(*key) || tool.has_scripts(key.id.ecosystem));
    for (key, package) in lockfile.graph.packages.iter().chain(tools) {
        let rules = &project.manifest.settings.builds;
        let is_changed = lockfile.builds.scripts.get(key).is_some_and(|scripts| scripts.approved.is_some());
        let Some((mut reason, platforms)) = reason((key, package), &declared, is_changed) else { continue };
        if !lockfile.graph.packages.contains_key(key) && package.has_scripts(key.id.ecosystem) {
            let is_needed = |(_, needed): &(&PackageKey, &BuildRequirements)| needed.tools.contains_key(key);
            let built: Vec<_> = lockfile.builds.requirements.iter().filter(is_needed).collect();
            let built: Vec<String> = built.into_iter().map(|(package, _)| package.to_string()).collect();
            reason = format!("{reason}, and is a tool of {}", built.join(", "));
        }
        let tools = lockfile.builds.requirements.get(key).into_iter().flat_map(|needed| needed.tools.keys());
        builds.push(WantedBuild {
            ecosystem: key.id.ecosystem.as_str(),
            name: key.id.name.to_string(),
            version: key.version.to_string(),
            reason,
            platforms: platforms.iter().map(ToString::to_string).collect(),
            allowed: rules.approves(&key.id, &key.version) && !is_changed,
            tools: tools.map(ToString::to_string).collect(),
            scripts: if package.has_scripts(key.id.ecosystem) { install_scripts(&source, key, package)? } else { None },
        });
    }
    Ok(WantedBuilds { builds })
}

/// Returns a package's install scripts. Returns `None` if they are not here and may not be fetched.
fn install_scripts(
    source: &LazyRegistries<'_>,
    key: &PackageKey,
    package: &Package,
) -> Result<Option<Vec<InstallScript>>> {
    let set = scripts::set_of(package);
    let tree = match scripts::tree(source, key, package) {
        Err(_) if source.session.context.offline => return Ok(None),
        tree => tree?,
    };
    let Some(tree) = tree else { return Ok(None) };
    let script = |script: Script| {
        let named = |path: &str| {
            let is_word = |word: &str| word.trim_matches(['"', '\'']).trim_start_matches("./") == path;
            script.text.split([' ', '\t', ';', '&', '|']).any(is_word)
                || (path == "binding.gyp" && script.text.contains("node-gyp"))
        };
        let files = tree.entries.iter().map(|entry| &*entry.path).filter(|path| named(path));
        InstallScript { event: script.event.into_owned(), files: files.map(str::to_owned).collect(), text: script.text }
    };
    Ok(Some(scripts::read(key, &tree, set)?.into_iter().map(script).collect()))
}

/// Returns why a package wants to be built, and on which platforms. Returns `None` if it does not.
fn reason(
    (key, package): (&PackageKey, &Package),
    declared: &[Platform],
    is_changed: bool,
) -> Option<(String, Vec<Platform>)> {
    if package.has_scripts(key.id.ecosystem) {
        let reason = match scripts::set_of(package) {
            ScriptSet::Install if is_changed => "its install scripts are not those that were approved",
            ScriptSet::Install => "it has install scripts",
            ScriptSet::Prepare if is_changed => {
                "the scripts that make it of its sources are not those that were approved"
            }
            ScriptSet::Prepare => "its scripts make it of its sources",
        };
        return Some((reason.to_owned(), declared.to_vec()));
    }
    let sdist = package.artifacts.iter().find(|artifact| artifact.kind.needs_build())?;
    let serves = |artifact: &Artifact, platform: &Platform| {
        artifact.platforms.is_empty() || artifact.platforms.contains(platform)
    };
    let platforms: Vec<Platform> = declared.iter().copied().filter(|platform| serves(sdist, platform)).collect();
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    Some((format!("it has no wheel for {}", names.join(", ")), platforms))
}

/// Agrees, for the project, to what its manifest asks for beyond a sandbox: to `grants`, or without any to all that it asks for, if
/// `confirm` says so. Returns what was agreed to.
pub fn agree(context: &Context<'_>, grants: &[String], confirm: impl FnOnce(&[String]) -> bool) -> Result<Vec<String>> {
    let project = Project::open(context)?;
    let wanted = if grants.is_empty() {
        let wanted = consent::unconfirmed(context, &project)?;
        let shown: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        if !wanted.is_empty() && !confirm(&shown) {
            return Err(NotConfirmed(shown).into());
        }
        wanted
    } else {
        grants.iter().map(|grant| grant.parse()).collect::<std::result::Result<Vec<BuildGrant>, _>>()?
    };
    consent::remember(context, &project.root, &wanted)?;
    Ok(wanted.iter().map(ToString::to_string).collect())
}

/// What nobody agreed to.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("not allowed, as nobody confirmed it:{}", diagnostic::list(.0))]
#[diagnostic(code(larder::builds::not_confirmed), help("name them: `larder builds allow {}`", .0.join(" ")))]
struct NotConfirmed(Vec<String>);

impl Failure for NotConfirmed {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// Lets packages be built: writes their lines into the manifest, and approves scripts that the lock has and that are not those
/// that were approved. Returns the packages that were not allowed before.
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
    let mut lockfile = lock::read(project)?.lockfile().unwrap_or_default();
    let target = EditTarget::root(project);
    let (mut text, mut added, mut approved) = (target.text().to_owned(), Vec::new(), BTreeSet::new());
    for name in names {
        let package = package(project, &lockfile, name)?;
        let of_package = lockfile.builds.scripts.iter_mut().filter(|(key, _)| key.id == package);
        if of_package.filter_map(|(_, scripts)| scripts.approved.take()).count() > 0 {
            approved.insert(package.clone());
        }
        if project.manifest.settings.builds.names(&package) || added.contains(&package) {
            continue;
        }
        let line = format!("allow {} {}", package.ecosystem, edit::quoted(package.name.as_str()));
        text = edit::add_line(&target.file, &text, &edit::Block::Named("builds"), &line)?;
        added.push(package);
    }
    if added.is_empty() && approved.is_empty() {
        return Ok(Some(added));
    }
    // What cannot be allowed is an error of the manifest.
    manifest::parse(&target.file, &text, ManifestKind::Root)?;
    if !approved.is_empty() {
        let edited = Edited { target: &target, text: &text };
        let written = lock::write(context, project, (!added.is_empty()).then_some(&edited), &lockfile, snapshot)?;
        approved.extend(added);
        return Ok(written.map(|_| approved.into_iter().collect()));
    }
    let held = snapshot::hold(context, &Profiles::open(&project.root)?)?;
    let written = snapshot.stands(&project.root)? && Edited { target: &target, text: &text }.write()?;
    held.release()?;
    Ok(written.then_some(added))
}

/// Returns the package that a word names: with its ecosystem, or by its name alone if the lock or a manifest has it.
fn package(project: &Project, lockfile: &Lockfile, word: &str) -> Result<PackageId> {
    let known = Known::parse(word);
    let locked = lockfile.graph.packages.keys().chain(lockfile.builds.tools.keys()).map(|key| key.id.clone());
    let declared = project.lines.iter().map(|line| line.requirement.package());
    if let Some(package) = locked.chain(declared).find(|package| known.names(package)) {
        return Ok(package);
    }
    let spec = Spec::parse(word)?;
    let name = PackageName::parse(spec.ecosystem, &spec.name)
        .map_err(|error| SpecError::NoName { text: word.to_owned(), reason: error.to_string() })?;
    Ok(PackageId::new(spec.ecosystem, name))
}

/// The lockfiles of other tools whose versions a first lock can begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preferable {
    /// Those that `init` noted: the first lock begins with them unasked.
    Pending(Vec<String>),
    /// Those that are there: it begins with them if it is told to.
    There(Vec<String>),
}

/// Returns the lockfiles of other tools whose versions a first lock can begin with; none once there is a lock.
pub fn preferable(context: &Context<'_>) -> Result<Option<Preferable>> {
    let project = Project::read(project::find_root(context)?)?;
    if lock::read(&project)?.lockfile().is_some() {
        return Ok(None);
    }
    let pending = pending::files(&project)?;
    if !pending.is_empty() {
        return Ok(Some(Preferable::Pending(pending)));
    }
    let there = locked::of_project((&project.root, &project.members), &["requirements.txt"])?;
    Ok((!there.is_empty()).then_some(Preferable::There(there)))
}
