//! The files of a package's sources on this disk, as what reads an ecosystem's sources asks for them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::fs::{self, FailedRead};
use crate::ops::Result;
use crate::registry::SourceFiles;
use crate::store::Tree;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// The files of a folder in which nothing runs. What the disk fails to give is taken for missing until `checked` is asked.
pub(super) struct FolderFiles<'a> {
    folder: PathBuf,
    /// Relative to the folder, sorted.
    paths: Vec<Cow<'a, str>>,
    failure: FailedRead,
}

impl<'a> FolderFiles<'a> {
    /// The files of a tree in the store.
    pub(super) fn of_tree(tree: &'a Tree) -> Self {
        let paths = tree.entries.iter().map(|entry| Cow::Borrowed(&*entry.path)).collect();
        Self { folder: tree.folder.clone(), paths, failure: FailedRead::default() }
    }

    /// The files of a package that has none in the store.
    pub(super) fn none() -> Self {
        Self { folder: PathBuf::new(), paths: Vec::new(), failure: FailedRead::default() }
    }

    /// The regular files of a folder that a build left, those with names that are text.
    pub(super) fn of_folder(folder: &Path) -> Result<Self> {
        let found = fs::walk(folder, |_| true)?.into_iter().filter(|found| found.kind == fs::Kind::File);
        let mut paths: Vec<_> =
            found.filter_map(|found| found.path.into_os_string().into_string().ok()).map(Cow::Owned).collect();
        paths.sort();
        Ok(Self { folder: folder.to_owned(), paths, failure: FailedRead::default() })
    }

    /// Returns what was made of the files, unless the disk failed to give one of them.
    pub(super) fn checked<T>(self, made: T) -> Result<T> {
        Ok(self.failure.checked(made)?)
    }
}

impl SourceFiles for FolderFiles<'_> {
    fn paths(&self) -> Vec<&str> {
        self.paths.iter().map(|path| &**path).collect()
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.paths.binary_search_by(|known| (**known).cmp(path)).ok()?;
        self.failure.kept(fs::find_below(&self.folder, path, &[&self.folder], LARGEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_the_disk_does_not_give_is_no_missing_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("setup.py"), "here").unwrap();
        let files = FolderFiles::of_folder(folder.path()).unwrap();
        assert_eq!(files.read("setup.py").as_deref(), Some(&b"here"[..]));
        assert_eq!(files.read("pyproject.toml"), None);
        files.checked(()).unwrap();

        let folder = Path::new("/proc/self");
        let files =
            FolderFiles { folder: folder.to_owned(), paths: vec!["mem".into()], failure: FailedRead::default() };
        assert_eq!(files.read("mem"), None);
        assert!(files.checked(()).is_err(), "the memory of a process begins nowhere");
    }
}
