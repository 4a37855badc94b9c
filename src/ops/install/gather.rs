//! Bringing together the unpacked artifacts of a closure: from the store, else from the registries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::diagnostic::{Exit, Failure};
use crate::fetch::{
    self, ArtifactSource, FetchError, FetchProgress, FetchStep, FetchedArtifact, Limits, NameFolding, RequestedArtifact,
};
use crate::lock::{Closure, Selection};
use crate::model::{Artifact, Digest, Package, PackageKey, PatchedPackage, Platform};
use crate::store::{Lease, StoreError, Tree};

use super::patched;
use crate::ops::registries::LazyRegistries;
use crate::ops::{Error, Event, Project, Result, Session};

/// What was brought together.
#[derive(Debug, Default)]
pub(in crate::ops) struct Gathered {
    /// The trees, one per package that is not a local folder.
    pub(in crate::ops) trees: BTreeMap<PackageKey, Arc<Tree>>,
    /// How many were fetched.
    pub(in crate::ops) fetched: usize,
    /// How many bytes came.
    pub(in crate::ops) bytes: u64,
    /// Keeps the trees from being collected until something is built from them.
    _lease: Option<Lease>,
}

/// What is done about optional packages that their registry does not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Completeness {
    /// They are missed like others.
    Whole,
    /// They are left out.
    WithoutMissingOptional,
}

/// Gathers a closure: the tree of every package, fetched where the store does not have it. Returns the closure that was
/// gathered, and a warning for each package that was left out of it.
///
/// Bytes that are not what was promised are no reason to leave a package out, and neither is being offline.
pub(in crate::ops) fn gather<'g>(
    source: &LazyRegistries<'_>,
    patches: &[PatchedPackage],
    selection: &Selection,
    mut closure: Closure<'g>,
    completeness: Completeness,
) -> Result<(Closure<'g>, Gathered, Vec<String>)> {
    let may_leave_out = completeness == Completeness::WithoutMissingOptional && !source.session.context.offline;
    let (mut missing, mut warnings) = (BTreeSet::new(), Vec::new());
    loop {
        let error = match attempt(source, patches, &closure) {
            Ok(gathered) => return Ok((closure, gathered, warnings)),
            Err(Failed::Fetch(error)) => error,
            Err(Failed::Otherwise(error)) => return Err(error),
        };
        let subject = match &error {
            FetchError::Source(subject, _) | FetchError::Interrupted { subject, .. } if may_leave_out => {
                subject.package.clone()
            }
            _ => return Err(error.into()),
        };
        missing.insert(subject.clone());
        let Some(without) = closure.graph.map(|graph| Closure::without(graph, selection, &missing)) else {
            return Err(error.into());
        };
        if without.packages().any(|(key, _)| missing.contains(key)) {
            return Err(error.into());
        }
        let reason = std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
        warnings.push(format!("{subject} is optional and was left out, as it cannot be fetched{reason}"));
        closure = without;
    }
}

/// Why a closure could not be gathered.
enum Failed {
    /// An artifact could not be had.
    Fetch(FetchError),
    /// Something else.
    Otherwise(Error),
}

impl<E: Into<Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Otherwise(error.into())
    }
}

fn attempt(
    source: &LazyRegistries<'_>,
    patches: &[PatchedPackage],
    closure: &Closure<'_>,
) -> std::result::Result<Gathered, Failed> {
    let platform = source.project.platform()?;
    let mut wanted = Vec::new();
    for (key, package) in closure.packages() {
        let Some(registry) = &package.registry else { continue };
        let artifact = for_platform(key, package, platform)?.clone();
        let native = artifact.is_native(&package.facts);
        wanted.push(RequestedArtifact {
            package: key.clone(),
            registry: registry.clone(),
            artifact,
            promised: Vec::new(),
            native,
        });
    }
    let made: Vec<Digest> = wanted
        .iter()
        .filter_map(|one| patch_of(patches, one))
        .map(|(patch, artifact)| patch.applied_to(artifact))
        .collect();
    let fetched = wanted.iter().filter_map(|wanted| wanted.artifact.digest.as_ref());
    let lease = match source.session.store.lease(fetched.chain(&made)) {
        Err(StoreError::Fs(error)) if error.is_disk_full() => {
            return Err(Failed::Fetch(fetch::disk_full_error(&source.session.store, source, &wanted, error)));
        }
        lease => lease?,
    };
    let fetched = fetch(source.session, source, &wanted, folds(source.project));
    source.opened()?;
    let fetched = fetched.map_err(Failed::Fetch)?;
    let mut gathered = Gathered { _lease: Some(lease), ..Gathered::default() };
    for (wanted, fetched) in wanted.into_iter().zip(fetched) {
        gathered.fetched += usize::from(fetched.bytes > 0);
        gathered.bytes += fetched.bytes;
        let tree = match patch_of(patches, &wanted) {
            None => Arc::new(fetched.tree),
            Some((rule, artifact)) => {
                let (store, package) = (&source.session.store, (&wanted.package, artifact));
                patched::apply(store, source.project, package, rule, &fetched.tree)?
            }
        };
        gathered.trees.insert(wanted.package, tree);
    }
    Ok(gathered)
}

/// Returns the tree of one package, fetched if the store does not have it, with its patch applied.
pub(in crate::ops) fn package_tree(
    source: &LazyRegistries<'_>,
    key: &PackageKey,
    package: &Package,
    patched: Option<&PatchedPackage>,
) -> Result<Arc<Tree>> {
    let Some(registry) = &package.registry else { return Err(NoArtifact::Local { package: key.clone() }.into()) };
    let artifact = for_platform(key, package, source.project.platform()?)?.clone();
    let native = artifact.is_native(&package.facts);
    let wanted =
        RequestedArtifact { package: key.clone(), registry: registry.clone(), artifact, promised: Vec::new(), native };
    let _lease = source.session.store.lease(wanted.artifact.digest.iter())?;
    let fetched = fetch(source.session, source, std::slice::from_ref(&wanted), folds(source.project));
    source.opened()?;
    let tree = fetched?.into_iter().next().map(|fetched| fetched.tree);
    match (tree, patched, &wanted.artifact.digest) {
        (Some(tree), Some(patched), Some(digest)) => {
            patched::apply(&source.session.store, source.project, (key, digest), patched, &tree)
        }
        (Some(tree), ..) => Ok(Arc::new(tree)),
        (None, ..) => Err(NoArtifact::Local { package: key.clone() }.into()),
    }
}

/// Returns the patch of a package that is fetched, and the digest of what it is applied to.
fn patch_of<'p>(
    patches: &'p [PatchedPackage],
    wanted: &'p RequestedArtifact,
) -> Option<(&'p PatchedPackage, &'p Digest)> {
    let rule = patches.iter().find(|rule| rule.is_for(&wanted.package))?;
    Some((rule, wanted.artifact.digest.as_ref()?))
}

/// Returns which names are one on a platform that the project is for: what installs here has to install there.
fn folds(project: &Project) -> NameFolding {
    let platforms = project.manifest.settings.platforms.iter();
    platforms.map(|target| NameFolding::of(target.platform.os())).max().unwrap_or_default()
}

/// Makes sure that the store has these artifacts, and tells how it goes.
pub(in crate::ops) fn fetch(
    session: &Session<'_>,
    source: &dyn ArtifactSource,
    wanted: &[RequestedArtifact],
    folds: NameFolding,
) -> std::result::Result<Vec<FetchedArtifact>, FetchError> {
    let (started, done, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicU64::new(0));
    let on_progress = |progress: FetchProgress| {
        match progress.step {
            FetchStep::Started { .. } => drop(started.fetch_add(1, Ordering::Relaxed)),
            FetchStep::Arrived { bytes: more } => drop(bytes.fetch_add(more as u64, Ordering::Relaxed)),
            FetchStep::Finished => drop(done.fetch_add(1, Ordering::Relaxed)),
            FetchStep::Waiting { process } => {
                let what = wanted.get(progress.wanted).map(|w| w.package.to_string()).unwrap_or_default();
                (session.context.reporter)(Event::Waiting { process, does: format!("fetches {what}") });
            }
        }
        (session.context.reporter)(Event::Fetching {
            done: done.load(Ordering::Relaxed),
            total: started.load(Ordering::Relaxed),
            bytes: bytes.load(Ordering::Relaxed),
        });
    };
    let limits = Limits { folds, ..Limits::default() };
    let options = fetch::FetchOptions { on_progress: &on_progress, limits, ..fetch::FetchOptions::default() };
    fetch::fetch_all(&session.store, source, wanted, options)
}

/// Returns the artifact that serves a platform.
fn for_platform<'p>(
    key: &PackageKey,
    package: &'p Package,
    platform: Platform,
) -> std::result::Result<&'p Artifact, NoArtifact> {
    let serves = |artifact: &&Artifact| artifact.platforms.is_empty() || artifact.platforms.contains(&platform);
    let fits = package.artifacts.iter().filter(serves).min_by_key(|artifact| artifact.kind.needs_build());
    match fits {
        Some(artifact) if artifact.kind.needs_build() => {
            Err(NoArtifact::OnlySource { package: key.clone(), file: artifact.file.as_str().into() })
        }
        Some(artifact) => Ok(artifact),
        None => Err(NoArtifact::OtherPlatform { package: key.clone(), platform }),
    }
}

/// A package that cannot be installed here.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum NoArtifact {
    /// It would have to be built.
    #[error("{package} exists only as source (`{file}`), and larder builds nothing")]
    #[diagnostic(
        code(larder::sync::only_source),
        help(
            "ask for a version that has a wheel, or build one and serve it from a registry of your own: a folder will do"
        )
    )]
    OnlySource {
        /// The package.
        package: PackageKey,
        /// Its source distribution.
        file: Box<str>,
    },
    /// It is no package of a registry.
    #[error("{package} is a folder of the project, and has no files to fetch")]
    #[diagnostic(code(larder::sync::local), help("edit the folder itself"))]
    Local {
        /// The package.
        package: PackageKey,
    },
    /// It has files for other platforms only.
    #[error("the lock has no file of {package} for {platform}")]
    #[diagnostic(code(larder::sync::other_platform), help("`larder lock` after adding the platform to `platforms`"))]
    OtherPlatform {
        /// The package.
        package: PackageKey,
        /// This machine.
        platform: Platform,
    },
}

impl Failure for NoArtifact {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
