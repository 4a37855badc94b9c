//! A registry in a folder that is copied to where it is served from: another folder, or a server that takes files by `PUT`.

use std::path::Path;

use serde::Serialize;

use super::destination::Destination;
use super::submit;
use crate::fs;
use crate::ops::{Project, Result, Session};
use crate::package::log::CHECKPOINT;
use crate::registry::FolderRegistry;

/// `larder registry push --json`: see `schema/registry-push.json`.
#[derive(Debug, Serialize)]
pub struct Pushed {
    /// The identity of the log.
    pub origin: String,
    /// The number of leaves of the log.
    pub size: u64,
    /// Where it was copied to.
    pub to: String,
    /// How many files were written.
    pub files: usize,
    /// How many bytes those have.
    pub bytes: u64,
}

/// Copies what another folder or a server lacks, in the order in which its readers may see it arrive. What is there is not copied
/// again; a run that was cut off is finished by the next one.
pub fn push(session: &Session<'_>, folder: &Path, to: &str) -> Result<Pushed> {
    let context = session.context();
    let registry = FolderRegistry::open(&context.folder.join(folder), &[])?;
    let locked = submit::lock(context, &registry)?;
    let project = Project::open(context).ok();
    let destination = Destination::find(session, project.as_ref(), to)?;
    let paths = locked.files_after(destination.read(CHECKPOINT)?.as_deref())?;
    let (mut files, mut bytes) = (0, 0);
    for path in paths {
        let written = fs::read(&registry.root().join(&path))?;
        if destination.write(&path, &written)? {
            files += 1;
            bytes += written.len() as u64;
        }
    }
    let size = registry.state()?.checkpoint.tree.size;
    Ok(Pushed { origin: registry.description().origin.clone(), size, to: destination.to_string(), files, bytes })
}
