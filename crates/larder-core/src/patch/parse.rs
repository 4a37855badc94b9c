//! The text of a patch, parsed and checked.

use std::collections::BTreeSet;

use diffy::patch_set::{FileMode, FileOperation, FilePatch, ParseOptions, PatchKind, PatchSet};

use super::PatchError;

/// A patch whose paths all lie in the package.
#[derive(Clone, Debug)]
pub struct PackagePatch<'t> {
    pub(super) files: Vec<FileDiff<'t>>,
}

/// What a patch does to one file.
#[derive(Clone, Debug)]
pub(super) struct FileDiff<'t> {
    /// The file that is read; `None` for a new one.
    pub(super) from: Option<String>,
    /// Whether the file that is read goes.
    pub(super) removes: bool,
    /// The file that is written; `None` if it is only removed.
    pub(super) to: Option<String>,
    /// The permission that the patch gives; `None` to keep it.
    pub(super) executable: Option<bool>,
    pub(super) hunks: diffy::Patch<'t, [u8]>,
}

impl<'t> PackagePatch<'t> {
    /// Parses the bytes of a patch.
    pub fn parse(bytes: &'t [u8]) -> Result<Self, PatchError> {
        let mut files = Vec::new();
        let mut known = BTreeSet::new();
        for file in PatchSet::parse_bytes(bytes, ParseOptions::gitdiff()) {
            let file = file_diff(file.map_err(|error| PatchError::Syntax(error.to_string()))?)?;
            let gone = file.from.clone().filter(|_| file.removes && file.from != file.to);
            for path in file.to.iter().cloned().chain(gone) {
                if !known.insert(path.clone()) {
                    return Err(PatchError::Twice { path });
                }
            }
            files.push(file);
        }
        if files.is_empty() { Err(PatchError::Empty) } else { Ok(Self { files }) }
    }
}

fn file_diff(file: FilePatch<'_, [u8]>) -> Result<FileDiff<'_>, PatchError> {
    // Git writes `a/` and `b/` before the paths, but for those of renames and copies.
    let operation = file.operation().strip_prefix(1);
    let (from, removes, to) = match (file.operation(), &operation) {
        (FileOperation::Rename { from, to }, _) => (Some(path(from)?), true, Some(path(to)?)),
        (FileOperation::Copy { from, to }, _) => (Some(path(from)?), false, Some(path(to)?)),
        (_, FileOperation::Create(to)) => (None, false, Some(path(to)?)),
        (_, FileOperation::Delete(from)) => (Some(path(from)?), true, None),
        (_, FileOperation::Modify { original, modified }) => (Some(path(original)?), true, Some(path(modified)?)),
        (_, FileOperation::Rename { .. } | FileOperation::Copy { .. }) => return Err(PatchError::Empty),
    };
    let named = to.as_ref().or(from.as_ref()).cloned().unwrap_or_default();
    let modes = [file.old_mode(), file.new_mode()];
    if modes.iter().flatten().any(|mode| matches!(mode, FileMode::Symlink | FileMode::Gitlink)) {
        return Err(PatchError::Link { path: named });
    }
    let executable = file.new_mode().map(|mode| *mode == FileMode::Executable);
    match file.into_patch() {
        PatchKind::Text(hunks) => Ok(FileDiff { from, removes, to, executable, hunks }),
        PatchKind::Binary(_) => Err(PatchError::Binary { path: named }),
    }
}

/// Checks a path: relative, of plain parts, so that it is a file of the package whatever the file system.
fn path(bytes: &[u8]) -> Result<String, PatchError> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let wrong = |reason| PatchError::Path { path: text.clone(), reason };
    if std::str::from_utf8(bytes).is_err() || text.chars().any(char::is_control) {
        return Err(wrong("is no name that can be read"));
    }
    if text.starts_with('/') || text.as_bytes().get(1) == Some(&b':') || text.contains('\\') {
        return Err(wrong("is no path below the package"));
    }
    let parts: Vec<&str> = text.split('/').collect();
    if parts.contains(&"..") {
        return Err(wrong("leads out of the package"));
    }
    if parts.iter().any(|part| part.is_empty() || *part == ".") {
        return Err(wrong("is no path below the package"));
    }
    Ok(text)
}
