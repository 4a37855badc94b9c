//! The files that describe a local Python package: its pyproject.toml, and those that this leaves something to.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use super::{LocalPackageError, MAX_MANIFEST_SIZE, PathKind, manifest_path};
use crate::fs;
use crate::import::{PythonProject, python_project};

/// Reads the project of a folder, whose pyproject.toml has this text, which is empty if there is none. Notes the further files that
/// it looks for. Returns `None` if nothing in the folder describes a package.
pub(super) fn parse(
    root: &Path,
    folder: &str,
    text: &str,
    files: &RefCell<BTreeSet<String>>,
) -> Result<Option<PythonProject>, LocalPackageError> {
    let path = root.join(folder);
    let failed = fs::FailedRead::default();
    let read = |file: &str| {
        if file == PathKind::Pyproject.file() {
            return Some(text.to_owned());
        }
        files.borrow_mut().insert(file.to_owned());
        failed.kept_text(fs::find_below(&path, file, &[&path, root], MAX_MANIFEST_SIZE))
    };
    let project = python_project(&read);
    let io = |error: fs::FsError| LocalPackageError::Io {
        file: error.path.strip_prefix(root).unwrap_or(&error.path).display().to_string(),
        reason: error.source.to_string(),
    };
    failed
        .checked(project)
        .map_err(io)?
        .map_err(|reason| LocalPackageError::BadManifest { file: manifest_path(folder, PathKind::Pyproject), reason })
}

/// Returns the name in the manifest of a folder.
pub(super) fn name(root: &Path, folder: &str, text: &str) -> Result<Option<String>, LocalPackageError> {
    Ok(parse(root, folder, text, &RefCell::default())?.and_then(|project| project.name))
}

/// Returns the name and the version of a folder's Python package, as written.
pub(super) fn identity(root: &Path, folder: &str, text: &str) -> Option<(Option<String>, Option<String>)> {
    let project = parse(root, folder, text, &RefCell::default()).ok()??;
    Some((project.name, project.version))
}

/// Returns whether a folder holds a Python package: a pyproject.toml may be there for the settings of tools alone. One that cannot
/// be read is to be reported as one.
pub(super) fn is_package(root: &Path, folder: &str, text: &str) -> bool {
    !matches!(parse(root, folder, text, &RefCell::default()), Ok(None))
}
