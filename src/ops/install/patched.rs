//! Packages with their patches applied: trees of their own in the store, made once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::model::{Digest, EntryPath, PackageKey, PatchedPackage};
use crate::ops::project::patches::PatchLineError;
use crate::ops::{Error, Project, Result};
use crate::patch::{Change, MAX_FILE_SIZE, PackagePatch, PatchError, PatchedFile};
use crate::profile::python;
use crate::store::{Staging, Store, Tree};

use super::derived::derived;

/// Returns the tree that a patch makes of a package's own.
pub(super) fn apply(
    store: &Store,
    project: &Project,
    (package, artifact): (&PackageKey, &Digest),
    patched: &PatchedPackage,
    tree: &Tree,
) -> Result<Arc<Tree>> {
    derived(store, package, &patched.applied_to(artifact), tree, |staging| {
        write_patched(staging, project, package, patched, tree)
    })
}

fn write_patched(
    staging: &mut Staging<'_>,
    project: &Project,
    package: &PackageKey,
    patched: &PatchedPackage,
    tree: &Tree,
) -> Result<()> {
    let bytes = project.patch(patched)?;
    let changes = changes(&bytes, tree).map_err(|failed| match failed {
        ApplyFailure::Patch(error) => {
            match PatchLineError::does_not_fit(&project.manifest, package, &error.to_string()) {
                Some(error) => error.into(),
                None => DoesNotFit { package: package.clone(), error }.into(),
            }
        }
        ApplyFailure::Otherwise(error) => error,
    })?;
    for entry in tree.entries.iter().filter(|entry| !changes.contains_key(&*entry.path)) {
        let path = entry_path(&entry.path)?;
        let content = fs::read(&tree.folder.join(&*entry.path))?;
        staging.write(&path, entry.executable, &content)?;
    }
    for (path, change) in &changes {
        if let Change::Write(file) = change {
            staging.write(&entry_path(path)?, file.executable, &file.content)?;
        }
    }
    Ok(())
}

/// Returns what a patch does to the files of a tree. A wheel's RECORD no longer lists what was changed: it is completed when the
/// wheel is installed.
fn changes(patch: &[u8], tree: &Tree) -> std::result::Result<BTreeMap<String, Change>, ApplyFailure> {
    let read = |path: &str| match tree.entry(path) {
        None => Ok(None),
        Some(entry) if entry.size > MAX_FILE_SIZE => {
            Err(ApplyFailure::Patch(PatchError::TooLarge { path: path.to_owned() }))
        }
        Some(entry) => {
            let content = fs::read(&tree.folder.join(path)).map_err(|error| ApplyFailure::Otherwise(error.into()))?;
            Ok(Some(PatchedFile { content, executable: entry.executable }))
        }
    };
    let mut changes = PackagePatch::parse(patch)?.apply(read)?;
    let paths: BTreeSet<String> = changes.keys().cloned().collect();
    let records = tree.entries.iter().filter(|entry| {
        let parts = entry.path.split_once('/');
        parts.is_some_and(|(folder, file)| folder.ends_with(".dist-info") && file == "RECORD")
    });
    for record in records.filter(|record| !paths.contains(&*record.path)) {
        if let Some(file) = read(&record.path)? {
            let text = python::record_without(&String::from_utf8_lossy(&file.content), &paths);
            changes.insert(record.path.to_string(), Change::Write(PatchedFile { content: text.into_bytes(), ..file }));
        }
    }
    Ok(changes)
}

fn entry_path(path: &str) -> Result<EntryPath> {
    EntryPath::parse(path).map_err(|error| BadPath { path: path.to_owned(), reason: error.to_string() }.into())
}

/// Why a patch could not be applied.
enum ApplyFailure {
    Patch(PatchError),
    Otherwise(Error),
}

impl From<PatchError> for ApplyFailure {
    fn from(error: PatchError) -> Self {
        Self::Patch(error)
    }
}

/// A patch that does not fit, of a package for which the manifest has no line any more.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the patch does not apply to {package}: {error}")]
#[diagnostic(code(larder::patch::unusable), help("lock again: `larder lock`"))]
struct DoesNotFit {
    package: PackageKey,
    error: PatchError,
}

impl Failure for DoesNotFit {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// A path that the store does not take.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("a patch names `{path}`, which cannot be stored: {reason}")]
#[diagnostic(code(larder::patch::bad_path), help("give the file another name in the patch"))]
struct BadPath {
    path: String,
    reason: String,
}

impl Failure for BadPath {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
