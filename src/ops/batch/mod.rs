//! Fetching the packages of a list, each for itself: what one of them lacks does not hide the others.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `project` | the registries and the settings that the list is read with |
//! | `own_files` | what registries say of packages, without what these depend on |
//! | `choose` | the version of each entry, and its files |
//! | `report` | what became of each |
//! | `error` | why one is not fetched |

mod choose;
mod error;
mod own_files;
mod project;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::diagnostic::{Error, Exit, Failure};
use crate::fetch::RequestedArtifact;
use crate::import;
use crate::model::PackageKey;
use crate::parallel::map_parallel;
use crate::registry::{CachePolicy, CopyProgress, MirrorFolder, Registries};

use super::project::{find_root, inputs};
use super::session::release;
use super::{Event, Project, Result, Session, artifacts, install::gather, registries};
use choose::{Chosen, ListEntry};
pub use report::{BatchReport, FailedEntry, ReportedEntry};

/// Which list is fetched, and where to.
#[derive(Clone, Debug)]
pub struct BatchOptions {
    /// The list.
    pub file: PathBuf,
    /// The folder of registries that the files are copied into. `None` for the store.
    pub to: Option<PathBuf>,
    /// With `to`: the platforms, by name, or `all`. Empty means those of the manifest.
    pub platforms: Vec<String>,
}

/// Fetches the packages of a list, without what they depend on: into the store, or into a folder of registries. Neither manifest nor
/// lock is needed: where there is a manifest, its registries and platforms count.
///
/// # Errors
/// If the list cannot be read, or the machine is at fault. What is wrong with an entry is told in the report.
pub fn fetch(session: &Session<'_>, options: &BatchOptions) -> Result<BatchReport> {
    let context = session.context;
    let path = context.folder.join(&options.file);
    let file = options.file.display().to_string();
    let Some(bytes) = inputs::read(&path, inputs::MANIFEST_SIZE)? else { return Err(NoList::missing(file).into()) };
    let project = project::open(session, options)?;
    let listed = import::package_list(&String::from_utf8_lossy(&bytes), &project.manifest.registries);
    let listed = listed.map_err(|reason| NoList { file, reason })?;
    let (mut asked, project) = project::asking(session, project, listed)?;
    let platforms = match &options.to {
        None => BTreeSet::from([project.platform()?]),
        Some(_) => project.manifest.settings.platforms.iter().map(|target| target.platform).collect(),
    };
    let registries = registries::open(session, &project, CachePolicy::default())?;
    (context.reporter)(Event::Resolving(0));
    choose::choose(session, &project, &registries, &platforms, &mut asked);
    let mut report = BatchReport::new(options);
    match &options.to {
        None => into_store(session, (&project, &registries), &mut asked, &mut report)?,
        Some(to) => into_mirror(session, &registries, &context.folder.join(to), &mut asked, &mut report)?,
    }
    report.finish(asked, &registries);
    release(registries);
    Ok(report)
}

/// The most packages that are fetched at once.
const AT_ONCE: usize = 24;

/// Fetches into the store what was chosen, each package by itself.
fn into_store(
    session: &Session<'_>,
    (project, registries): (&Project, &Registries),
    asked: &mut [ListEntry],
    report: &mut BatchReport,
) -> Result<()> {
    let mut packages: BTreeMap<PackageKey, Vec<RequestedArtifact>> = BTreeMap::new();
    for file in wanted(asked) {
        if let Some(key) = file.owner.package() {
            packages.entry(key.clone()).or_default().push(file);
        }
    }
    let names = packages.values().flatten().filter_map(|file| file.artifact.digest.as_ref());
    let _lease = session.store.lease(names)?;
    let packages: Vec<_> = packages.into_iter().collect();
    let fetched = map_parallel(&packages, AT_ONCE, |(_, files)| {
        artifacts::fetch(session, registries, files, gather::folds(project))
    });
    let mut trees = Vec::new();
    for ((key, _), fetched) in packages.iter().zip(fetched) {
        let fetched = match fetched {
            Ok(fetched) => fetched,
            Err(error) => {
                let at_fault = error.subject().and_then(|subject| subject.owner.package()).cloned();
                give_up(asked, at_fault.as_ref(), error.into())?;
                continue;
            }
        };
        report.count(fetched.iter().map(|fetched| fetched.bytes));
        for one in asked.iter_mut().filter(|one| one.is_of(key)) {
            let attestation = one.chosen.as_ref().ok().and_then(|chosen| chosen.package.attestation.as_ref());
            let refused = fetched.iter().find_map(|file| gather::check_attested(attestation, key, &file.tree).err());
            if let Some(error) = refused {
                one.chosen = Err(error);
            }
        }
        trees.extend(fetched.iter().map(|fetched| fetched.tree.digest));
    }
    // A project keeps them from being collected until its next sync, and nothing else does.
    if let Ok(root) = find_root(session.context) {
        session.store.note_project(&root, trees.into_iter())?;
    }
    Ok(())
}

/// Copies into a folder of registries what was chosen, and again without what cannot be had.
fn into_mirror(
    session: &Session<'_>,
    registries: &Registries,
    to: &std::path::Path,
    asked: &mut [ListEntry],
    report: &mut BatchReport,
) -> Result<()> {
    let mirror = MirrorFolder::create(to)?;
    let on_progress = |CopyProgress { done, total, bytes }| {
        (session.context.reporter)(Event::Fetching { done, total, bytes });
    };
    loop {
        match registries.copy_into(&mirror, &wanted(asked), &on_progress) {
            Ok(mirrored) => {
                report.count_mirrored(mirrored);
                return Ok(());
            }
            Err(failed) => give_up(asked, failed.package.as_deref(), failed.failure.into())?,
        }
    }
}

/// Notes that a package cannot be had.
///
/// # Errors
/// The failure itself, if it is about none.
fn give_up(asked: &mut [ListEntry], at_fault: Option<&PackageKey>, error: Error) -> Result<()> {
    let mut given_up = false;
    for one in asked.iter_mut().filter(|one| at_fault.is_some_and(|key| one.is_of(key))) {
        one.chosen = Err(error.clone());
        given_up = true;
    }
    if given_up { Ok(()) } else { Err(error) }
}

/// Returns the files of all that was chosen, each once.
fn wanted(asked: &[ListEntry]) -> Vec<RequestedArtifact> {
    let mut seen = BTreeSet::new();
    let chosen = asked.iter().filter_map(|one| one.chosen.as_ref().ok());
    let files = chosen.flat_map(|chosen: &Chosen| &chosen.files);
    files.filter(|file| seen.insert((file.owner.package(), &file.artifact.file))).cloned().collect()
}

/// A file that is no list of packages.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` is no list of packages: {reason}")]
#[diagnostic(
    code(larder::fetch::no_list),
    help("write `[{{\"name\": \"left-pad\", \"version\": \"1.3.0\", \"registry\": \"npm\"}}]`")
)]
struct NoList {
    file: String,
    reason: String,
}

impl NoList {
    fn missing(file: String) -> Self {
        Self { file, reason: "there is no such file".to_owned() }
    }
}

impl Failure for NoList {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
