//! The version of each entry of a list, and its files.

use std::collections::BTreeSet;

use crate::diagnostic::{Error, list};
use crate::fetch::RequestedArtifact;
use crate::import::ListedPackage;
use crate::lock;
use crate::model::{Dependent, Graph, Marker, Package, PackageKey, Platform, Requirement, Routes, Version};
use crate::parallel::map_parallel;
use crate::registry::Registries;
use crate::resolve::{self, Index, IndexError, Preferences, RequiredLine, Requirements, ResolveError};

use super::error::{BadEntry, MissingEntry};
use super::own_files::OwnFiles;
use crate::ops::{Project, Result, Session, artifacts, failure};

/// The most entries that are looked for at once.
const AT_ONCE: usize = 24;

/// An entry of a list.
pub(super) struct ListEntry {
    /// The name, as the list has it.
    pub(super) name: String,
    /// The range, if the list has one.
    pub(super) range: Option<String>,
    /// What it asks for. `None` if it asks for nothing that there could be.
    pub(super) requirement: Option<Requirement>,
    /// What was chosen for it, or why nothing was.
    pub(super) chosen: std::result::Result<Chosen, Error>,
}

/// What was chosen for an entry.
pub(super) struct Chosen {
    /// The version.
    pub(super) key: PackageKey,
    /// What its registry says of it.
    pub(super) package: Package,
    /// Its files.
    pub(super) files: Vec<RequestedArtifact>,
}

impl ListEntry {
    pub(super) fn new(listed: ListedPackage, requirement: Requirement) -> Self {
        let undecided = BadEntry("it was not looked at".to_owned());
        let ListedPackage { name, range, ecosystem, .. } = listed;
        let name = format!("{ecosystem} {name}");
        Self { name, range, requirement: Some(requirement), chosen: Err(undecided.into()) }
    }

    pub(super) fn wrong(name: String, range: Option<String>, error: Error) -> Self {
        Self { name, range, requirement: None, chosen: Err(error) }
    }

    /// Returns whether this version was chosen for the entry.
    pub(super) fn is_of(&self, key: &PackageKey) -> bool {
        self.chosen.as_ref().is_ok_and(|chosen| chosen.key == *key)
    }
}

/// Chooses a version for each entry by itself, as a manifest with this line alone would get it.
pub(super) fn choose(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    platforms: &BTreeSet<Platform>,
    asked: &mut [ListEntry],
) {
    let index = OwnFiles(registries);
    let chosen = map_parallel(asked, AT_ONCE, |one| {
        let requirement = one.requirement.as_ref()?;
        Some(solve(project, &index, requirement).and_then(|graph| files(session, registries, platforms, graph)))
    });
    for (one, chosen) in asked.iter_mut().zip(chosen) {
        if let Some(chosen) = chosen {
            one.chosen = chosen;
        }
    }
}

/// Solves one requirement, and once more where the outcome rests on what a cache said.
fn solve(project: &Project, index: &OwnFiles<'_>, requirement: &Requirement) -> Result<Graph> {
    let line = RequiredLine {
        dependent: Dependent::Project,
        group: None,
        requirement: requirement.clone(),
        optional: false,
        when: Marker::default(),
        prereleases: false,
    };
    let requirements = Requirements {
        lines: vec![line],
        settings: project.manifest.settings.clone(),
        preferences: Preferences::default(),
        routes: Routes::default(),
    };
    loop {
        let outcome = resolve::resolve(&requirements, index);
        let from_cache = match &outcome {
            Err(ResolveError::NoSolution(core)) => &core.packages_from_cache[..],
            _ => &[],
        };
        if index.0.drop_cached(from_cache) {
            continue;
        }
        return match outcome {
            Ok(resolution) => Ok(resolution.graph),
            Err(ResolveError::Index(error)) => Err(failure::of_index(error)),
            Err(ResolveError::TooManyPeerContexts(_)) => Err(BadEntry("nothing satisfies it".to_owned()).into()),
            Err(ResolveError::NoSolution(core)) => Err(missing(index, requirement, &core.because)?.into()),
        };
    }
}

/// Says why there is no version: in short, where the registry has none such.
fn missing(index: &OwnFiles<'_>, requirement: &Requirement, because: &[String]) -> Result<MissingEntry> {
    let package = requirement.package();
    let versions = match index.versions(&package) {
        Ok(versions) => versions,
        Err(error @ (IndexError::NotFound { .. } | IndexError::Unserved(_))) => {
            return Ok(MissingEntry::package(error.to_string()));
        }
        Err(error) => return Err(failure::of_index(error)),
    };
    let there: Vec<&Version> = versions.candidates.iter().map(|candidate| &candidate.version).collect();
    if there.iter().any(|version| requirement.matches(version)) {
        let because = match because {
            [one] => format!(": {one}"),
            many => list(many),
        };
        return Ok(MissingEntry::version(format!("no version of {package} can be had here{because}"), None));
    }
    let newest = there.last().map(ToString::to_string);
    Ok(MissingEntry::version(format!("{package} has no version {}", requirement.range_text()), newest))
}

/// Returns the files of the one package of a solution on these platforms, each with a digest.
fn files(
    session: &Session<'_>,
    registries: &Registries,
    platforms: &BTreeSet<Platform>,
    mut graph: Graph,
) -> Result<Chosen> {
    let declared: Vec<Platform> = platforms.iter().copied().collect();
    lock::leave_out_unneeded_files(&mut graph, &declared);
    artifacts::complete(session, registries, &mut graph, None)?;
    let nothing = || MissingEntry::version("it has nothing to fetch".to_owned(), None);
    let (key, package) = graph.packages.into_iter().next().ok_or_else(nothing)?;
    let origin = package.origin.clone().ok_or_else(nothing)?;
    let mut files: Vec<RequestedArtifact> = Vec::new();
    for &platform in platforms {
        let Some(artifact) = package.artifact_for(platform) else { continue };
        if files.iter().all(|file| file.artifact.file != artifact.file) {
            let native = artifact.is_native(&package.facts);
            files.push(RequestedArtifact { native, ..RequestedArtifact::new(&key, &origin, artifact) });
        }
    }
    if files.is_empty() {
        let names: Vec<&str> = declared.iter().map(|platform| platform.as_str()).collect();
        return Err(MissingEntry::version(format!("{key} has no file for {}", names.join(", ")), None).into());
    }
    Ok(Chosen { key, package, files })
}
