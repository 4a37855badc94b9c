//! The git repository around a project, as its folder tells it: git is not asked.

use std::path::{Path, PathBuf};

use crate::fs;
use crate::ops::Result;

/// Returns the folder of the repository around a folder. Returns `None` outside of a repository.
pub(in crate::ops) fn folder_around(folder: &Path) -> Result<Option<PathBuf>> {
    for above in folder.ancestors() {
        if fs::lstat(&above.join(".git"))?.is_some() {
            return Ok(Some(above.to_owned()));
        }
    }
    Ok(None)
}

/// Returns a folder relative to its repository's, with slashes between its parts and at its end: empty if it is that folder, and
/// outside of a repository.
pub(in crate::ops) fn prefix(folder: &Path) -> Result<String> {
    let Some(repository) = folder_around(folder)? else { return Ok(String::new()) };
    let parts = folder.strip_prefix(&repository).into_iter().flat_map(Path::components);
    let names: Vec<String> = parts.map(|part| part.as_os_str().to_string_lossy().into_owned() + "/").collect();
    Ok(names.concat())
}
