//! Folders: created, listed, walked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::{Action, FsError, Kind};

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// The path relative to the folder that was listed or walked.
    pub path: PathBuf,
    /// Its kind. Links are not followed.
    pub kind: Kind,
}

/// Creates a folder. An existing one is an error ([`FsError::is_occupied`]).
pub fn create_dir(path: &Path) -> Result<(), FsError> {
    std::fs::create_dir(path).map_err(|error| FsError::new(Action::CreateFolder, path, error))
}

/// Creates a folder and those above it. An existing one is no error.
pub fn create_dir_all(path: &Path) -> Result<(), FsError> {
    std::fs::create_dir_all(path).map_err(|error| FsError::new(Action::CreateFolder, path, error))
}

/// Lists a folder, sorted by name.
pub fn read_dir(path: &Path) -> Result<Vec<DirEntry>, FsError> {
    let mut found = Vec::new();
    for (name, kind) in list(path)? {
        found.push(DirEntry { path: name.into(), kind });
    }
    found.sort_unstable();
    Ok(found)
}

/// Returns the set of names in a folder.
pub fn names(path: &Path) -> Result<FxHashSet<OsString>, FsError> {
    Ok(list(path)?.into_iter().map(|(name, _)| name).collect())
}

/// Lists everything below a folder, sorted by path. Links are listed and not followed; a folder for which `descend`
/// returns `false` is listed without its content.
pub fn walk(root: &Path, descend: impl Fn(&Path) -> bool) -> Result<Vec<DirEntry>, FsError> {
    let mut found = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(folder) = pending.pop() {
        for (name, kind) in list(&root.join(&folder))? {
            let path = folder.join(name);
            if kind == Kind::Folder && descend(&path) {
                pending.push(path.clone());
            }
            found.push(DirEntry { path, kind });
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Returns the total size of the files below a folder that have no other hard link: what its removal frees.
pub fn exclusive_size(root: &Path) -> Result<u64, FsError> {
    let mut size = 0;
    for found in walk(root, |_| true)? {
        if found.kind == Kind::File {
            let stat = super::lstat(&root.join(found.path))?;
            size += stat.filter(|stat| stat.links <= 1).map_or(0, |stat| stat.size);
        }
    }
    Ok(size)
}

/// Returns the absolute path without links, `.` and `..`; it must exist.
pub fn canonicalize(path: &Path) -> Result<PathBuf, FsError> {
    std::fs::canonicalize(path).map_err(|error| FsError::new(Action::Inspect, path, error))
}

fn list(path: &Path) -> Result<Vec<(OsString, Kind)>, FsError> {
    let error = |error| FsError::new(Action::List, path, error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(error)? {
        let entry = entry.map_err(error)?;
        let kind = entry.file_type().map_err(error)?;
        let kind = match () {
            () if kind.is_file() => Kind::File,
            () if kind.is_dir() => Kind::Folder,
            () if kind.is_symlink() => Kind::Symlink,
            () => Kind::Other,
        };
        names.push((entry.file_name(), kind));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_is_sorted_and_follows_no_link() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["b/deep", "a", "skipped/inner"] {
            create_dir_all(&root.path().join(folder)).unwrap();
        }
        super::super::write_new(&root.path().join("b/deep/file"), b"", 0o644).unwrap();
        super::super::symlink(Path::new("../b"), &root.path().join("a/link")).unwrap();
        let found = walk(root.path(), |path| path != Path::new("skipped")).unwrap();
        let text: Vec<_> = found.iter().map(|found| (found.path.to_str().unwrap(), found.kind)).collect();
        assert_eq!(
            text,
            [
                ("a", Kind::Folder),
                ("a/link", Kind::Symlink),
                ("b", Kind::Folder),
                ("b/deep", Kind::Folder),
                ("b/deep/file", Kind::File),
                ("skipped", Kind::Folder),
            ]
        );
    }
}
