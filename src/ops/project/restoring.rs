//! The mark of a restore that was cut off while it moved files: until it is finished, nothing else works on the project.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::ops::Result;
use crate::profile;

/// Returns the folder in which a restore prepares files.
pub(in crate::ops) fn folder(root: &Path) -> PathBuf {
    profile::own_folder(root).join("restoring")
}

fn mark(root: &Path) -> PathBuf {
    folder(root).join("ready")
}

/// Returns the files that a restore was moving when it was cut off; `None` if there is none.
pub(in crate::ops) fn ready(root: &Path) -> Result<Option<Vec<String>>> {
    let Some(bytes) = fs::read_record(&mark(root))? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&bytes).unwrap_or_default()))
}

/// Notes that all files are prepared: from now on the restore happens.
pub(in crate::ops) fn set_ready(root: &Path, files: &[String]) -> Result<()> {
    let text = serde_json::to_vec(files).unwrap_or_default();
    Ok(fs::write_atomic(&mark(root), &text, Durability::Synced)?)
}

/// Notes that all files are in their places.
pub(in crate::ops) fn clear_ready(root: &Path) -> Result<()> {
    Ok(fs::remove_file(&mark(root))?)
}

/// Fails if a restore was cut off while it moved files.
pub(super) fn check(root: &Path) -> Result<()> {
    if fs::lstat(&mark(root))?.is_some() { Err(CutOff { root: root.to_owned() }.into()) } else { Ok(()) }
}

/// A restore that is not finished.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("a restore of `{}` was cut off before all files were in their places", root.display())]
#[diagnostic(code(larder::backup::cut_off), help("run `larder restore FILE` again: it finishes that first"))]
struct CutOff {
    root: PathBuf,
}

impl Failure for CutOff {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
