//! `larder backup` and `larder restore`: what a project cannot get back from registries, in one file.
//!
//! ```text
//! shop.backup.tar.gz
//! ├── files/larder.kdl, files/larder.lock, …     the project's own: manifests, the lock, local packages, patches
//! ├── files/registry/…                           folders of registries that lie in the project
//! ├── generations/production/12/larder.lock      what each generation was built from, and its record
//! ├── generations/production/12/manifests.json.gz the manifests and patches of that time
//! └── index.json                                 every file with its digest, and the generations
//! ```
//!
//! Packages are not part of it: a sync brings those of the lock, with the same digests.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `contents` | what of a project is kept |
//! | `index` | the list of a backup |
//! | `archive` | writing one; reading one, and checking every file |
//! | `restore` | putting files into their places, all or none |
//! | `error` | why a backup is refused |

mod archive;
mod contents;
mod error;
mod index;
mod restore;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::fs;
use crate::ops::{Context, Event, Project, Result, project};

use error::BackupError;

pub use index::KeptGeneration;
pub use restore::{RestoreOptions, Restored, restore};

/// `larder backup --json`: see `schema/backup.json`.
#[derive(Debug, Serialize)]
pub struct Backup {
    /// The file.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many files of the project it has.
    pub files: usize,
    /// The generations whose records and locks it has.
    pub generations: Vec<KeptGeneration>,
    /// What is not in it.
    pub left_out: Vec<String>,
}

/// Writes a backup of the project, and reads it again.
pub fn backup(context: &Context<'_>, file: &Path) -> Result<Backup> {
    let project = Project::read(project::find_root(context)?)?;
    let path = context.folder.join(file);
    if fs::lstat(&path)?.is_some() {
        return Err(BackupError::Exists { file: path }.into());
    }
    let held = project::snapshot::hold(context, &project.profile()?)?;
    let contents = contents::of(&project, &path)?;
    for left_out in &contents.left_out {
        (context.reporter)(Event::Warning(format!("not in the backup: {left_out}")));
    }
    let bytes = archive::write(&path, &contents)?;
    held.release()?;
    let read = archive::read(&path, |_, _| Ok(()));
    let checked =
        read.and_then(|index| if index == contents.index { Ok(()) } else { Err(archive::changed(&path).into()) });
    if let Err(error) = checked {
        // What cannot be read again is no backup.
        fs::remove_file(&path)?;
        return Err(error);
    }
    Ok(Backup {
        file: path,
        bytes,
        files: contents.index.files.len(),
        generations: contents.index.generations.clone(),
        left_out: contents.left_out,
    })
}
