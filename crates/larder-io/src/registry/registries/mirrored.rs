//! Copying what a lock needs into a mirror, and reading sources from one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::{NETWORK_THREADS, Registries};
use crate::diagnostic::Failure;
use crate::fetch::{Body, CopyStep, FetchError, RequestedArtifact, SourceError, copy_artifact};
use crate::fs;
use crate::model::{Artifact, ArtifactOwner, Label, Origin, PackageKey, PinnedSource};
use crate::parallel::map_parallel;
use crate::registry::mirror_folder::{MirrorFolder, MirrorFolderError, MirroredPackage};
use crate::registry::source::SourceFailure;
use crate::registry::{RegistryError, runtimes};

/// What was copied into a mirror.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// The files that the lock needs.
    pub files: usize,
    /// Those that were not there yet, or were damaged.
    pub fetched: usize,
    /// The bytes of these.
    pub bytes: u64,
    /// The documents about packages that were new.
    pub documents: usize,
}

/// Why a mirror was not written as a whole.
#[derive(Debug)]
pub struct MirrorFailure {
    /// The failure.
    pub failure: Arc<dyn Failure>,
    /// The package whose file the registry does not give. `None` if something else failed.
    pub unavailable: Option<Box<PackageKey>>,
    /// The package whose file is at fault, whatever the fault is. `None` if something else failed.
    pub package: Option<Box<PackageKey>>,
}

impl From<Arc<dyn Failure>> for MirrorFailure {
    fn from(failure: Arc<dyn Failure>) -> Self {
        Self { failure, unavailable: None, package: None }
    }
}

impl From<FetchError> for MirrorFailure {
    fn from(error: FetchError) -> Self {
        let unavailable = match &error {
            FetchError::Source(subject, _) | FetchError::Interrupted { subject, .. } => {
                subject.owner.package().cloned().map(Box::new)
            }
            _ => None,
        };
        let package = error.subject().and_then(|subject| subject.owner.package()).cloned().map(Box::new);
        Self { failure: Arc::new(error), unavailable, package }
    }
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyProgress {
    /// The files that are there.
    pub done: usize,
    /// All files.
    pub total: usize,
    /// The bytes that came.
    pub bytes: u64,
}

/// A file of a mirror.
struct MirroredFile<'w> {
    wanted: &'w RequestedArtifact,
    path: PathBuf,
    /// The registry and the package that it is of, if there are one.
    package: Option<(Label, PackageKey)>,
}

impl Registries {
    /// Copies artifacts into a mirror, and what describes their packages. What is there already stays: every file is compared with
    /// its digest.
    ///
    /// # Errors
    /// The first one in the order of the files' paths. What was copied before stays, and the next run goes on from there.
    pub fn copy_into(
        &self,
        mirror: &MirrorFolder,
        wanted: &[RequestedArtifact],
        on_progress: &(dyn Fn(CopyProgress) + Sync),
    ) -> Result<Mirrored, MirrorFailure> {
        let mut files: BTreeMap<PathBuf, MirroredFile<'_>> = BTreeMap::new();
        for wanted in wanted {
            let file = self.mirrored_file(mirror, wanted)?;
            files.entry(file.path.clone()).or_insert(file);
        }
        let files: Vec<MirroredFile<'_>> = files.into_values().collect();
        let copied = self.copy(&files, on_progress);
        let mut mirrored = copied?;
        let mut packages: BTreeMap<(Label, String), MirroredPackage> = BTreeMap::new();
        for (file, (label, key)) in files.iter().filter_map(|file| Some((file, file.package.as_ref()?))) {
            let name = key.id.name.clone();
            let package = packages.entry((label.clone(), name.to_string()));
            let package = package.or_insert_with(|| MirroredPackage { name, files: Vec::new() });
            package.files.push((key.version.clone(), file.wanted.artifact.clone()));
        }
        let mut by_registry: BTreeMap<Label, Vec<MirroredPackage>> = BTreeMap::new();
        for ((label, _), package) in packages {
            by_registry.entry(label).or_default().push(package);
        }
        for (label, packages) in by_registry {
            let Some(registry) = self.state.registries.get(&label) else { continue };
            let (folder, settings) = (mirror.registry(&label), &self.state.settings);
            mirrored.documents +=
                registry.protocol.describe_mirrored(&registry.client, &packages, settings, &folder)?;
        }
        Ok(mirrored)
    }

    /// Copies the files. After one that fails, those behind it are not begun.
    fn copy(
        &self,
        files: &[MirroredFile<'_>],
        on_progress: &(dyn Fn(CopyProgress) + Sync),
    ) -> Result<Mirrored, FetchError> {
        let (failed, done, bytes) = (AtomicUsize::new(usize::MAX), AtomicUsize::new(0), AtomicU64::new(0));
        let jobs: Vec<(usize, &MirroredFile<'_>)> = files.iter().enumerate().collect();
        let copied = map_parallel(&jobs, NETWORK_THREADS, |(at, file)| {
            if failed.load(Ordering::Relaxed) < *at {
                return None;
            }
            let copied = copy_artifact(self, file.wanted, &file.path);
            match &copied {
                Ok(CopyStep::Fetched(more)) => drop(bytes.fetch_add(*more, Ordering::Relaxed)),
                Ok(CopyStep::Present) => {}
                Err(_) => drop(failed.fetch_min(*at, Ordering::Relaxed)),
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            on_progress(CopyProgress { done, total: files.len(), bytes: bytes.load(Ordering::Relaxed) });
            Some(copied)
        });
        let mut mirrored = Mirrored { files: files.len(), ..Mirrored::default() };
        for copied in copied.into_iter().flatten() {
            if let CopyStep::Fetched(bytes) = copied? {
                mirrored.fetched += 1;
                mirrored.bytes += bytes;
            }
        }
        Ok(mirrored)
    }

    /// Returns where an artifact lies in a mirror.
    fn mirrored_file<'w>(
        &self,
        mirror: &MirrorFolder,
        wanted: &'w RequestedArtifact,
    ) -> Result<MirroredFile<'w>, Arc<dyn Failure>> {
        let artifact = &wanted.artifact;
        let failed = |error: MirrorFolderError| Arc::new(error) as Arc<dyn Failure>;
        let of_registry = |label: &Label, key: &PackageKey| {
            let registry = self.state.registry(label, &key.id).map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
            let below = registry.protocol.mirrored_path(&key.id.name, artifact);
            let path = MirrorFolder::below(&mirror.registry(label), &below).map_err(failed)?;
            Ok(MirroredFile { wanted, path, package: Some((label.clone(), key.clone())) })
        };
        match (&wanted.owner, &wanted.origin) {
            (ArtifactOwner::Package(key), Origin::Registry(label)) => of_registry(label, key),
            (ArtifactOwner::Package(key), Origin::Source(pinned)) => {
                let none = || SourceFailure::unusable(pinned, &key.id, "the lock has no digest of it");
                let path = mirror.source(artifact).ok_or_else(|| Arc::new(none()) as Arc<dyn Failure>)?;
                Ok(MirroredFile { wanted, path, package: None })
            }
            (ArtifactOwner::Runtime(_), origin) => {
                if let Some(key) = runtimes::packages::package_of(artifact) {
                    let registries = self.state.routing.candidates(&key.id);
                    let registries = registries.map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
                    let (ecosystem, package) = (key.id.ecosystem, key.id.name.clone());
                    let none = || Arc::new(RegistryError::NoRegistry { ecosystem, package }) as Arc<dyn Failure>;
                    return of_registry(registries.first().ok_or_else(none)?, &key);
                }
                let host = origin.registry().map(Label::as_str).unwrap_or_default();
                let below = artifact.location.as_deref().unwrap_or(&artifact.file);
                let path = MirrorFolder::below(&mirror.runtime_folder(host), below).map_err(failed)?;
                Ok(MirroredFile { wanted, path, package: None })
            }
        }
    }

    /// Opens an artifact from outside of registries: in the mirror, if that has it.
    pub(super) fn open_source(
        &self,
        package: &PackageKey,
        pinned: &PinnedSource,
        artifact: &Artifact,
    ) -> Result<(Body, Option<u64>), SourceError> {
        if let Some(path) = self.state.mirror.as_ref().and_then(|mirror| mirror.source(artifact)) {
            let opened = fs::open_sized(&path).map_err(|error| Arc::new(error) as SourceError)?;
            if let Some((file, size)) = opened {
                return Ok((Body::of(Box::new(file)), Some(size)));
            }
        }
        self.state.sources.open(package, pinned, artifact)
    }
}
