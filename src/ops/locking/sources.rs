//! Packages outside of registries: what a lock has of them stays, and the rest is fetched before versions are chosen.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode, SourceSpan};

use crate::diagnostic::{Exit, Failure};
use crate::fetch::{NameFolding, RequestedArtifact};
use crate::lock::Lockfile;
use crate::model::{Artifact, Commit, Digest, Label, Origin, PackageId, PackageKey, PinnedSource, Source};
use crate::registry::{Registries, SourceContent, SourceRelease};
use crate::store::Tree;

use super::{archives, fetched_file::FetchedFile};
use crate::ops::project::LinePlace;
use crate::ops::source_files::FolderFiles;
use crate::ops::{Error, Event, Project, Result, Session, artifacts};

/// Tells the registries what the project takes from outside of them. `kept` returns the package that a lock has from a source, if it
/// is to stay. Returns the groups that cannot be locked, as what they take cannot be fetched, each with the reason: groups that no
/// environment includes.
pub(in crate::ops) fn resolve<'l>(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    kept: impl Fn(&PackageId, &Source) -> Option<LockedSource<'l>>,
) -> Result<BTreeMap<Label, String>> {
    let idle = project.idle_groups();
    let mut left_out = BTreeMap::new();
    for (package, source) in &project.sources {
        let Err(error) = resolve_one(session, project, registries, (package, source), &kept) else { continue };
        let groups = project.groups_asking_for(package).filter(|groups| groups.is_subset(&idle));
        match groups {
            Some(groups) if error.failure().exit() == Exit::Network => {
                left_out.extend(groups.into_iter().map(|group| (group, error.failure().to_string())));
            }
            _ => return Err(NotFetched::placed(project, package, error)),
        }
    }
    Ok(left_out)
}

/// Tells the registries of one package from outside of them: of the project, or one that another package brings.
pub(in crate::ops) fn resolve_one<'l>(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    (package, source): (&PackageId, &Source),
    kept: &impl Fn(&PackageId, &Source) -> Option<LockedSource<'l>>,
) -> Result<()> {
    registries.add_source(match (kept(package, source), source) {
        (locked, Source::Archive(archive)) => {
            let known = locked.map_or(&[][..], |locked| locked.artifacts);
            archives::resolve(session, project, registries, (package, archive), known)?
        }
        (Some(locked), _) => of_lock(session, project, registries, &locked)?,
        (None, _) => fetched(session, project, registries, (package, source, None))?,
    });
    Ok(())
}

/// A package from outside of registries that cannot be had, with the line that asks for it.
#[derive(Debug, thiserror::Error)]
#[error("{package}, which {} asks for: {}", file.name(), inner.failure())]
struct NotFetched {
    package: PackageId,
    file: NamedSource<Arc<str>>,
    span: Option<SourceSpan>,
    inner: Error,
}

impl NotFetched {
    /// Joins an error with the place that states where the package comes from.
    fn placed(project: &Project, package: &PackageId, inner: Error) -> Error {
        match project.stated_at(package) {
            Some(LinePlace { file, span }) => {
                Self { package: package.clone(), file: file.clone(), span: *span, inner }.into()
            }
            None => inner,
        }
    }
}

impl miette::Diagnostic for NotFetched {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.inner.failure().code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.inner.failure().help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span.map(|_| &self.file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.span.map(|span| LabeledSpan::new_with_span(Some("stated here".to_owned()), span));
        label.map(|label| Box::new(std::iter::once(label)) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

impl Failure for NotFetched {
    fn exit(&self) -> Exit {
        self.inner.failure().exit()
    }
}

/// A package that a lock has from a source.
#[derive(Clone, Copy)]
pub(in crate::ops) struct LockedSource<'l> {
    package: &'l PackageKey,
    source: &'l Arc<PinnedSource>,
    artifact: &'l Artifact,
    /// All of its artifacts: a tool has one for each platform.
    artifacts: &'l [Artifact],
}

impl<'l> LockedSource<'l> {
    /// Finds what a lock has of a package from a source.
    pub(in crate::ops) fn find(lockfile: &'l Lockfile, package: &PackageId, source: &Source) -> Option<Self> {
        Self::all(lockfile).find(|locked| locked.package.id == *package && locked.source.source == *source)
    }

    /// Returns the digest of its first artifact.
    pub(in crate::ops) fn digest(&self) -> Option<&'l Digest> {
        self.artifact.digest.as_ref()
    }

    /// Returns all packages that a lock has from sources.
    fn all(lockfile: &'l Lockfile) -> impl Iterator<Item = Self> {
        lockfile.graph.packages.iter().filter_map(|(package, locked)| {
            let source = locked.origin.as_ref()?.source()?;
            let artifact = locked.artifacts.first().filter(|artifact| artifact.digest.is_some())?;
            Some(Self { package, source, artifact, artifacts: &locked.artifacts })
        })
    }
}

/// Tells the registries what the sources of a lock have now, at the commits that are locked.
pub(in crate::ops) fn look_again(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    lockfile: &Lockfile,
) -> Result<()> {
    for locked in LockedSource::all(lockfile) {
        if let Source::Archive(archive) = &locked.source.source {
            let tool = (&locked.package.id, archive);
            registries.add_source(archives::resolve(session, project, registries, tool, &[])?);
            continue;
        }
        let release = fetched(
            session,
            project,
            registries,
            (&locked.package.id, &locked.source.source, locked.source.commit.as_ref()),
        )?;
        registries.add_source(release);
    }
    Ok(())
}

/// Returns what a lock has, fetched if the store does not have it.
fn of_lock(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    locked: &LockedSource<'_>,
) -> Result<SourceRelease> {
    let LockedSource { package, source, artifact, .. } = *locked;
    // The platforms that it serves are found anew: others may be declared now.
    let artifact = Artifact { platforms: Vec::new(), ..artifact.clone() };
    let wanted = [RequestedArtifact::new(package, &Origin::Source(Arc::clone(source)), &artifact)];
    let fetched = artifacts::fetch(session, registries, &wanted, NameFolding::default())?;
    read(project, package, source, &artifact, fetched.first().map(|fetched| &fetched.tree))
}

/// Fetches what a source has now, or at a commit, and puts it into the store.
fn fetched(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    (package, source, commit): (&PackageId, &Source, Option<&Commit>),
) -> Result<SourceRelease> {
    (session.context.reporter)(Event::Inspecting(source.to_string()));
    let fetched = registries.sources().fetch(package, source, commit)?;
    let wanted = [RequestedArtifact::new(&fetched.package, &fetched.origin(), &fetched.artifact)];
    let stored = artifacts::fetch(session, &FetchedFile(&fetched), &wanted, NameFolding::default())?;
    let tree = stored.first().map(|stored| &stored.tree);
    read(project, &fetched.package, &fetched.source, &fetched.artifact, tree)
}

fn read(
    project: &Project,
    package: &PackageKey,
    source: &Arc<PinnedSource>,
    artifact: &Artifact,
    tree: Option<&Tree>,
) -> Result<SourceRelease> {
    let files = tree.map_or_else(FolderFiles::none, FolderFiles::of_tree);
    let content = SourceContent { package, artifact, files: &files, settings: &project.manifest.settings };
    let release = SourceRelease::read(&content, Arc::clone(source));
    Ok(files.checked(release)??)
}
