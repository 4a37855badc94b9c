//! The names of an archive: none twice, none that differ only in case.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::{Refusal, Trouble};
use crate::store::EntryPath;

/// The names that an archive used so far.
#[derive(Default)]
pub(super) struct Names {
    /// By the name as it is where case does not count.
    nodes: FxHashMap<Box<str>, Node>,
    last_folder: String,
}

struct Node {
    /// The name as the archive has it, where it differs.
    exact: Option<Box<str>>,
    /// The place of the file in the order of files; a folder has none.
    file: Option<usize>,
}

/// What is known of a file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is new.
    First,
    /// The file at this place, counted from 0, has it already.
    File(usize),
    /// A folder has it already.
    Folder,
}

impl Names {
    /// Takes a file's name; `at` is the place that the file will have.
    pub(super) fn file(&mut self, path: &EntryPath, at: usize) -> Result<Seen, Refusal> {
        if let Some(folder) = path.folder() {
            self.folder(folder)?;
        }
        match self.take(path.as_str(), Some(at))? {
            Seen::Folder => Err(Refusal::entry(path.as_str(), Trouble::FileAndFolder)),
            seen => Ok(seen),
        }
    }

    /// Takes a folder's name and those of the folders above it.
    pub(super) fn folder(&mut self, path: &str) -> Result<(), Refusal> {
        if self.last_folder == path {
            return Ok(());
        }
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            if let Seen::File(_) = self.take(&path[..end], None)? {
                return Err(Refusal::entry(&path[..end], Trouble::FileAndFolder));
            }
        }
        path.clone_into(&mut self.last_folder);
        Ok(())
    }

    /// Takes a name for a file or a folder, unless something has it already.
    fn take(&mut self, path: &str, file: Option<usize>) -> Result<Seen, Refusal> {
        let folded = fold(path);
        let exact = (*folded != *path).then(|| Box::from(path));
        match self.nodes.entry(folded) {
            Entry::Vacant(vacant) => {
                vacant.insert(Node { exact, file });
                Ok(Seen::First)
            }
            Entry::Occupied(node) if node.get().exact == exact => Ok(node.get().file.map_or(Seen::Folder, Seen::File)),
            Entry::Occupied(node) => {
                let other = node.get().exact.as_ref().unwrap_or(node.key()).to_string();
                Err(Refusal::entry(path, Trouble::CaseCollision(other)))
            }
        }
    }
}

/// Makes names equal that are one where case does not count. Upper case first: `ſ` and `ß` have several lower cases.
fn fold(path: &str) -> Box<str> {
    if path.is_ascii() { path.to_ascii_lowercase().into() } else { path.to_uppercase().to_lowercase().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str]) -> Result<Vec<Seen>, String> {
        let mut names = Names::default();
        let mut take = |(at, text): (usize, &&str)| names.file(&EntryPath::parse(text).unwrap(), at);
        files.iter().enumerate().map(&mut take).collect::<Result<_, _>>().map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn the_same_name_is_told_with_its_first_place() {
        assert_eq!(check(&["a/b", "c", "a/b"]).unwrap(), [Seen::First, Seen::First, Seen::File(0)]);
    }

    #[test]
    fn names_that_differ_only_in_case_collide_in_files_and_folders() {
        for files in [["Readme", "README"], ["lib/a", "Lib/b"], ["straße", "STRASSE"], ["K", "\u{212a}"]] {
            let error = check(&files).unwrap_err();
            assert!(error.contains("collides with"), "{error}");
        }
    }

    #[test]
    fn a_name_is_not_both_file_and_folder() {
        for files in [["a", "a/b"], ["a/b", "a"]] {
            assert!(check(&files).unwrap_err().contains("is a file and a folder"));
        }
    }
}
