//! The names of an archive's entries: which are used already, and which collide where the package is installed.

use std::borrow::Cow;
use std::collections::hash_map::Entry;

use icu_normalizer::DecomposingNormalizerBorrowed;
use rustc_hash::FxHashMap;

use super::{ArchiveFault, ArchiveRefusal};
use crate::fs::FsError;
use crate::model::{EntryPath, Os};

/// Which names a file system takes for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum NameFolding {
    /// Only equal ones, as on Linux.
    #[default]
    Nothing,
    /// Those that differ in case, as on Windows.
    Case,
    /// Those that differ in case, or in how an accent is written, as on macOS.
    CaseAndForm,
}

impl NameFolding {
    /// Returns which names are one on this system.
    pub fn of(os: Os) -> Self {
        match os {
            Os::Linux => Self::Nothing,
            Os::Windows => Self::Case,
            Os::Macos => Self::CaseAndForm,
        }
    }
}

/// The names that an archive used so far.
pub(in crate::fetch) struct EntryNames {
    folds: NameFolding,
    /// By the names without case and form.
    nodes: FxHashMap<Box<str>, NameNode>,
    /// By their exact names, those whose folded name was used already.
    twins: FxHashMap<Box<str>, Option<usize>>,
    /// The name that the last of the twins collides with.
    other: String,
    last_folder: String,
}

struct NameNode {
    /// The name as the archive has it, where it differs.
    exact: Option<Box<str>>,
    /// The place of the file in the order of files; a folder has none.
    file: Option<usize>,
}

/// What is known of a file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fetch) enum NameStatus {
    /// It is new.
    New,
    /// The file at this place, counted from 0, has it already.
    File(usize),
    /// A folder has it already.
    Folder,
}

impl EntryNames {
    pub(in crate::fetch) fn new(folds: NameFolding) -> Self {
        let (nodes, twins) = (FxHashMap::default(), FxHashMap::default());
        Self { folds, nodes, twins, other: String::new(), last_folder: String::new() }
    }

    /// Takes a file's name; `at` is the place that the file will have.
    pub(in crate::fetch) fn file(&mut self, path: &EntryPath, at: usize) -> Result<NameStatus, ArchiveRefusal> {
        if let Some(folder) = path.folder() {
            self.folder(folder)?;
        }
        match self.take(path.as_str(), Some(at))? {
            NameStatus::Folder => Err(ArchiveRefusal::entry(path.as_str(), ArchiveFault::FileAndFolder)),
            seen => Ok(seen),
        }
    }

    /// Takes a folder's name and those of the folders above it.
    pub(in crate::fetch) fn folder(&mut self, path: &str) -> Result<(), ArchiveRefusal> {
        if self.last_folder == path {
            return Ok(());
        }
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            if let NameStatus::File(_) = self.take(&path[..end], None)? {
                return Err(ArchiveRefusal::entry(&path[..end], ArchiveFault::FileAndFolder));
            }
        }
        path.clone_into(&mut self.last_folder);
        Ok(())
    }

    /// Returns whether some names collide on another file system.
    pub(in crate::fetch) fn has_twins(&self) -> bool {
        !self.twins.is_empty()
    }

    /// Returns why a file could not be written, if the reason is that its name collides on this file system.
    pub(in crate::fetch) fn refusal(&self, path: &EntryPath, error: &FsError) -> Option<ArchiveRefusal> {
        let is_taken = error.is_occupied() && self.has_twins();
        is_taken.then(|| ArchiveRefusal::entry(path.as_str(), ArchiveFault::CaseCollision(self.other.clone())))
    }

    /// Takes a name for a file or a folder, unless something has it already.
    fn take(&mut self, path: &str, file: Option<usize>) -> Result<NameStatus, ArchiveRefusal> {
        let folded = fold(path, NameFolding::CaseAndForm);
        let exact = (*folded != *path).then(|| Box::from(path));
        let node = match self.nodes.entry(folded) {
            Entry::Vacant(vacant) => {
                vacant.insert(NameNode { exact, file });
                return Ok(NameStatus::New);
            }
            Entry::Occupied(node) => node,
        };
        if node.get().exact == exact {
            return Ok(node.get().file.map_or(NameStatus::Folder, NameStatus::File));
        }
        if let Some(file) = self.twins.get(path) {
            return Ok(file.map_or(NameStatus::Folder, NameStatus::File));
        }
        let other = node.get().exact.as_ref().unwrap_or(node.key());
        if self.folds == NameFolding::CaseAndForm || fold(path, self.folds) == fold(other, self.folds) {
            return Err(ArchiveRefusal::entry(path, ArchiveFault::CaseCollision(other.to_string())));
        }
        self.other = other.to_string();
        self.twins.insert(path.into(), file);
        Ok(NameStatus::New)
    }
}

/// Returns whether some of a tree's paths are one on a file system that ignores case, or the form of accents.
pub fn has_twins<'p>(paths: impl Iterator<Item = &'p str>) -> bool {
    check_names(paths, NameFolding::CaseAndForm).is_err()
}

/// Checks that no two of a tree's paths are one where names are folded like this, and none is a file and a folder.
pub fn check_names<'p>(paths: impl Iterator<Item = &'p str>, folds: NameFolding) -> Result<(), ArchiveRefusal> {
    let mut names = EntryNames::new(folds);
    for (at, path) in paths.enumerate() {
        if let Ok(path) = EntryPath::parse(path) {
            names.file(&path, at)?;
        }
    }
    Ok(())
}

/// Folds a name, so that colliding names are equal. Upper case comes first: `ſ` and `ß` have several lower cases.
fn fold(path: &str, folds: NameFolding) -> Box<str> {
    if folds == NameFolding::Nothing {
        return path.into();
    }
    if path.is_ascii() {
        return path.to_ascii_lowercase().into();
    }
    let form = match folds {
        NameFolding::CaseAndForm => DecomposingNormalizerBorrowed::new_nfd().normalize(path),
        NameFolding::Nothing | NameFolding::Case => Cow::Borrowed(path),
    };
    form.to_uppercase().to_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], folds: NameFolding) -> Result<Vec<NameStatus>, String> {
        let mut names = EntryNames::new(folds);
        let mut take = |(at, text): (usize, &&str)| names.file(&EntryPath::parse(text).unwrap(), at);
        let seen: Result<Vec<_>, _> = files.iter().enumerate().map(&mut take).collect();
        let checked = check_names(files.iter().copied(), folds);
        assert_eq!(checked.err(), seen.as_ref().err().cloned());
        seen.map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn the_same_name_is_told_with_its_first_place() {
        let files = ["a/b", "c", "a/b", "A/b", "a/B", "A/b", "a/B"];
        let seen = check(&files, NameFolding::Nothing).unwrap();
        let first = NameStatus::New;
        assert_eq!(seen, [first, first, NameStatus::File(0), first, first, NameStatus::File(3), NameStatus::File(4)]);
    }

    #[test]
    fn names_collide_where_they_are_one() {
        let case = [["Readme", "README"], ["lib/a", "Lib/b"], ["straße", "STRASSE"], ["K", "\u{212a}"]];
        let form = [["caf\u{e9}", "cafe\u{301}"], ["\u{e9}/a", "e\u{301}/b"], ["\u{c9}", "e\u{301}"]];
        for files in case {
            assert_eq!(check(&files, NameFolding::Nothing).unwrap(), [NameStatus::New, NameStatus::New]);
        }
        for files in form {
            assert_eq!(check(&files, NameFolding::Case).unwrap(), [NameStatus::New, NameStatus::New]);
        }
        let strict = case.map(|files| (files, NameFolding::Case)).into_iter();
        for (files, folds) in strict.chain(case.into_iter().chain(form).map(|files| (files, NameFolding::CaseAndForm)))
        {
            let error = check(&files, folds).unwrap_err();
            assert!(error.contains("collides with"), "{error}");
        }
    }

    #[test]
    fn a_name_is_not_both_file_and_folder() {
        for files in [&["a", "a/b"][..], &["a/b", "a"], &["x/a", "A", "A/b"], &["x", "a/b", "A/b", "A"]] {
            assert!(check(files, NameFolding::Nothing).unwrap_err().contains("is a file and a folder"), "{files:?}");
        }
    }
}
