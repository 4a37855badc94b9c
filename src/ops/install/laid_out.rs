//! Python packages of plain source: their modules laid out as a wheel has them, without a build. Trees of their own in the store.

use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::import::python_project;
use crate::model::{Digest, EntryPath, PackageKey};
use crate::ops::Result;
use crate::ops::source_files::FolderFiles;
use crate::profile::python::{self, LaidOutContent};
use crate::registry::SourceFiles;
use crate::store::{Staging, Store, Tree};

use super::derived::derived;

/// Returns what is laid out of a source, whose digest is given. `name` is the name of the result in the store.
pub(super) fn apply(store: &Store, package: &PackageKey, name: &Digest, source: &Tree) -> Result<Arc<Tree>> {
    derived(store, package, name, source, |staging| lay_out(staging, package, source))
}

fn lay_out(staging: &mut Staging<'_>, package: &PackageKey, source: &Tree) -> Result<()> {
    let unfit = |reason: String| NotLaidOut { package: package.clone(), reason: reason.into() };
    let described = FolderFiles::of_tree(source);
    let project = python_project(&|path| String::from_utf8(described.read(path)?).ok());
    let project = described.checked(project)?.map_err(unfit)?;
    let project = project.ok_or_else(|| unfit("it describes no package".to_owned()))?;
    let paths: Vec<&str> = source.entries.iter().map(|entry| &*entry.path).collect();
    let files = python::lay_out(&project, &package.version.to_string(), &paths).map_err(unfit)?;
    for (place, content) in files {
        let path = EntryPath::parse(&place).map_err(|error| unfit(format!("`{place}` {error}")))?;
        match content {
            LaidOutContent::Written(text) => staging.write(&path, false, text.as_bytes())?,
            LaidOutContent::File(from) => {
                let executable = source.entry(&from).is_some_and(|entry| entry.executable);
                staging.write(&path, executable, &fs::read(&source.folder.join(&from))?)?;
            }
        }
    }
    Ok(())
}

/// A source that is not what the lock takes it for.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} cannot be laid out without a build: {reason}")]
#[diagnostic(code(larder::sync::not_laid_out), help("lock it again: `larder update {}`", package.id.name))]
struct NotLaidOut {
    package: PackageKey,
    reason: Box<str>,
}

impl Failure for NotLaidOut {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
