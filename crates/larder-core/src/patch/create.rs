//! A patch, made from two states of a package's files.

use std::collections::{BTreeMap, BTreeSet};

use super::{PackagePatch, PatchError, PatchedFile};

/// The files of a package, by path.
pub type FileState = BTreeMap<String, PatchedFile>;

/// Returns the patch that makes `after` of `before`, as git writes it; empty if they are the same.
///
/// # Errors
/// A file that is no text has changed, or has a path that no patch can name.
pub fn create(before: &FileState, after: &FileState) -> Result<Vec<u8>, PatchError> {
    let mut patch = Vec::new();
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for path in paths {
        let (old, new) = (before.get(path), after.get(path));
        if old != new {
            patch.extend(file_patch(path, old, new)?);
        }
    }
    if !patch.is_empty() {
        // What a patch cannot name is told now and not when it is applied.
        PackagePatch::parse(&patch)?;
    }
    Ok(patch)
}

fn file_patch(path: &str, old: Option<&PatchedFile>, new: Option<&PatchedFile>) -> Result<Vec<u8>, PatchError> {
    let content = |file: Option<&PatchedFile>| file.map(|file| file.content.clone()).unwrap_or_default();
    let (before, after) = (content(old), content(new));
    if before.contains(&0) || after.contains(&0) {
        return Err(PatchError::Binary { path: path.to_owned() });
    }
    let mode = |file: &PatchedFile| if file.executable { "100755" } else { "100644" };
    let (from, to) = (format!("a/{path}"), format!("b/{path}"));
    let mut text = format!("diff --git {from} {to}\n").into_bytes();
    match (old, new) {
        (None, Some(new)) => text.extend(format!("new file mode {}\n", mode(new)).bytes()),
        (Some(old), None) => text.extend(format!("deleted file mode {}\n", mode(old)).bytes()),
        (Some(old), Some(new)) if old.executable != new.executable => {
            text.extend(format!("old mode {}\nnew mode {}\n", mode(old), mode(new)).bytes());
        }
        _ => {}
    }
    if before != after {
        let mut options = diffy::DiffOptions::new();
        options.set_original_filename(if old.is_some() { from } else { "/dev/null".to_owned() });
        options.set_modified_filename(if new.is_some() { to } else { "/dev/null".to_owned() });
        text.extend(options.create_patch_bytes(&before, &after).to_bytes());
    }
    Ok(text)
}
