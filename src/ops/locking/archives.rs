//! Tools by URL: a file that the lock knows stays as it is locked, and any other is fetched for its digest.

use std::sync::Arc;

use super::fetched_file::FetchedFile;
use crate::diagnostic::{Exit, Failure};
use crate::fetch::{NameFolding, RequestedArtifact};
use crate::model::{
    ArchiveSource, Artifact, Facts, Origin, PackageId, PackageKey, PinnedSource, Platform, Source, Version,
};
use crate::ops::project::host;
use crate::ops::{Event, Project, Result, Session, artifacts};
use crate::registry::{Registries, SourceRelease};
use crate::resolve::Release;

/// Returns what a tool is on the declared platforms where it is needed. `known` are the files that a lock has of it.
pub(in crate::ops) fn resolve(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    (package, source): (&PackageId, &Arc<ArchiveSource>),
    known: &[Artifact],
) -> Result<SourceRelease> {
    let key = PackageKey { id: package.clone(), version: Version::from(source.version().clone()) };
    let pinned = Arc::new(PinnedSource { source: Source::Archive(Arc::clone(source)), commit: None });
    let mut files = planned(source, project.platforms_asking_for(package).into_iter());
    if files.is_empty() {
        return Err(NoFile(key).into());
    }
    for file in &mut files {
        let is_same = |locked: &&Artifact| locked.location == file.location && locked.digest.is_some();
        match known.iter().find(is_same) {
            Some(locked) => file.digest.clone_from(&locked.digest),
            None => *file = fetched(session, registries, (&key, &pinned, source), file)?,
        }
    }
    let facts = Facts { bin: source.has_programs(), ..Facts::default() };
    let artifact = files[0].clone();
    let release = Release { artifacts: files, facts, ..Release::default() };
    Ok(SourceRelease { package: key, source: pinned, artifact, release: Some(Arc::new(release)) })
}

/// Returns the files for platforms, without digests: each once.
fn planned(source: &ArchiveSource, platforms: impl Iterator<Item = Platform>) -> Vec<Artifact> {
    let mut files: Vec<Artifact> = Vec::new();
    for platform in platforms {
        let Some(url) = source.file(platform) else { continue };
        let location = Some(url.as_str().to_owned());
        match files.iter_mut().find(|file| file.location == location) {
            Some(file) => file.platforms.push(platform),
            None => {
                files.push(Artifact { location, platforms: vec![platform], ..Artifact::archive(url.file_name()) });
            }
        }
    }
    if source.is_same_everywhere() {
        for file in &mut files {
            file.platforms.clear();
        }
    }
    for file in &mut files {
        file.platforms.sort();
    }
    files.sort();
    files
}

/// Fetches a file. What this machine runs is put into the store, and has to have its programs.
fn fetched(
    session: &Session<'_>,
    registries: &Registries,
    (key, pinned, source): (&PackageKey, &Arc<PinnedSource>, &ArchiveSource),
    file: &Artifact,
) -> Result<Artifact> {
    (session.context.reporter)(Event::Inspecting(file.location.clone().unwrap_or_default()));
    let fetched = registries.sources().fetch_file(key, pinned, file)?;
    let artifact = fetched.artifact.clone();
    if host::platform().is_some_and(|host| artifact.platforms.is_empty() || artifact.platforms.contains(&host)) {
        let wanted = [RequestedArtifact::new(key, &Origin::Source(Arc::clone(pinned)), &artifact)];
        let stored = artifacts::fetch(session, &FetchedFile(&fetched), &wanted, NameFolding::default())?;
        for stored in stored {
            let paths = stored.tree.entries.iter().map(|entry| &*entry.path);
            source.find_programs(&paths).map_err(|error| NoProgramInArchive {
                package: key.clone(),
                place: file.location.clone().unwrap_or_default(),
                reason: error.to_string(),
            })?;
        }
    }
    Ok(artifact)
}

/// A tool without a file for any declared platform.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0} has no file for any of the declared platforms")]
#[diagnostic(
    code(larder::archive::no_platform),
    help("add what stands for them: `platform \"linux-x64\" as=\"x86_64-unknown-linux-musl\"`")
)]
struct NoFile(PackageKey);

/// An archive without a program that its line names.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{place} cannot be used for {package}: {reason}")]
#[diagnostic(code(larder::archive::no_program))]
struct NoProgramInArchive {
    package: PackageKey,
    place: String,
    reason: String,
}

impl Failure for NoFile {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for NoProgramInArchive {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
