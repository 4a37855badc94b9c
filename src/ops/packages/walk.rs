//! The folders and files of a checkout that git does not ignore.

use std::path::Path;

use crate::fs::{self, DirEntry, Kind};
use crate::model::{is_cache_folder, is_tool_folder};
use crate::ops::Result;
use crate::package::IgnoreRules;

use super::files::{GITIGNORE, gitignore};

/// Calls `visit` with every folder below the root, itself included, by its path relative to the root, with what lies in it and the
/// rules that say which of it git ignores. Folders that git ignores are left out, and those that `enters` does not admit by their
/// names. Links are not followed.
pub(in crate::ops) fn walk(
    root: &Path,
    enters: impl Fn(&str) -> bool,
    mut visit: impl FnMut(&str, &[DirEntry], &IgnoreRules),
) -> Result<()> {
    let mut pending = vec![(String::new(), IgnoreRules::default())];
    while let Some((folder, mut rules)) = pending.pop() {
        let entries = fs::read_dir(&root.join(&folder))?;
        if has_file(&entries, GITIGNORE) {
            rules = rules.with(&folder, &gitignore(&root.join(&folder))?);
        }
        visit(&folder, &entries, &rules);
        for entry in entries.iter().filter(|entry| entry.kind == Kind::Folder) {
            let Some(name) = entry.path.to_str().filter(|name| enters(name)) else { continue };
            let path = below(&folder, name);
            if !rules.ignores(&path, true) {
                pending.push((path, rules.clone()));
            }
        }
    }
    Ok(())
}

/// Returns whether git ignores a folder of a checkout, or one that it lies in: builds make these.
pub(in crate::ops) fn is_ignored(root: &Path, folder: &str) -> Result<bool> {
    let (mut above, mut rules) = (String::new(), IgnoreRules::default());
    for name in folder.split('/') {
        rules = rules.with(&above, &gitignore(&root.join(&above))?);
        above = below(&above, name);
        if rules.ignores(&above, true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the files of a checkout that git does not ignore and whose names are wanted, by their paths relative to the root. Folders
/// of tools are left out.
pub(in crate::ops) fn checkout_files(root: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    /// The most files that are returned: a checkout with more is no place for guesses.
    const MOST: usize = 100_000;

    let mut files = Vec::new();
    walk(
        root,
        |name| !is_tool_folder(name) && !is_cache_folder(name),
        |folder, entries, rules| {
            let names = entries.iter().filter(|entry| entry.kind == Kind::File).filter_map(|entry| entry.path.to_str());
            let paths = names.filter(|name| is_wanted(name)).map(|name| below(folder, name));
            let left = MOST.saturating_sub(files.len());
            files.extend(paths.filter(|path| !rules.ignores(path, false)).take(left));
        },
    )?;
    Ok(files)
}

/// Returns whether a file of this name is among the entries of a folder.
pub(super) fn has_file(entries: &[DirEntry], name: &str) -> bool {
    entries.iter().any(|entry| entry.path == Path::new(name) && entry.kind == Kind::File)
}

/// Returns the path of something in a folder, relative to the root.
pub(in crate::ops) fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
