//! Getting a tree's files into a profile: by hard link where they are shared, checked as they are linked.

use std::io::{Read, Write};

use crate::fs::{Action, Dir, FsError};
use crate::model::TreeDigest;
use crate::store::{Tree, TreeEntry};

use super::ProfileError;
use super::error::FoundContent;
use super::link_mode::LinkMode;

/// A tree of the store, open for linking.
pub(super) struct TreeSource<'a> {
    tree: &'a Tree,
    dir: Dir,
    files: LinkMode,
}

impl<'a> TreeSource<'a> {
    /// Opens a tree whose files come to a profile as `files` says.
    pub(super) fn open(tree: &'a Tree, files: LinkMode) -> Result<Self, ProfileError> {
        Ok(Self { tree, dir: Dir::open(&tree.folder)?, files })
    }

    /// Gives a file of the tree the name `name` in `into`.
    pub(super) fn place(&self, entry: &TreeEntry, into: &Dir, name: &str) -> Result<(), ProfileError> {
        self.check(entry)?;
        match self.files {
            LinkMode::Shared => into.link_or_copy(&self.dir, &entry.path, name).map(drop).map_err(ProfileError::from),
            LinkMode::Writable | LinkMode::Private => self.copy(entry, into, name, entry.executable),
        }
    }

    /// Like [`Self::place`], for a file that must be executable and is not: it becomes a copy, as the mode is the
    /// store's too.
    pub(super) fn copy_executable(&self, entry: &TreeEntry, into: &Dir, name: &str) -> Result<(), ProfileError> {
        self.check(entry)?;
        self.copy(entry, into, name, true)
    }

    /// Writes an executable of this content, instead of a file of the tree.
    pub(super) fn write_executable(&self, content: &[u8], into: &Dir, name: &str) -> Result<(), ProfileError> {
        self.write_copy(content, true, into, name)
    }

    /// Writes a file of this content, instead of a file of the tree.
    pub(super) fn write_copy(
        &self,
        content: &[u8],
        executable: bool,
        into: &Dir,
        name: &str,
    ) -> Result<(), ProfileError> {
        into.create_file(name, self.mode(executable))?
            .write_all(content)
            .map_err(|error| FsError::new(Action::Write, into.path().join(name), error))?;
        Ok(())
    }

    /// Reads the first bytes of a file of the tree.
    pub(super) fn head(&self, entry: &TreeEntry, length: usize) -> Result<Vec<u8>, ProfileError> {
        let mut bytes = Vec::with_capacity(length);
        self.dir
            .open_file(&entry.path)?
            .take(length as u64)
            .read_to_end(&mut bytes)
            .map_err(|error| FsError::new(Action::Read, self.dir.path().join(&*entry.path), error))?;
        Ok(bytes)
    }

    /// Reads a file of the tree.
    pub(super) fn read(&self, entry: &TreeEntry) -> Result<Vec<u8>, ProfileError> {
        self.check(entry)?;
        let mut bytes = Vec::with_capacity(usize::try_from(entry.size).unwrap_or(0));
        self.dir
            .open_file(&entry.path)?
            .read_to_end(&mut bytes)
            .map_err(|error| FsError::new(Action::Read, self.dir.path().join(&*entry.path), error))?;
        Ok(bytes)
    }

    fn copy(&self, entry: &TreeEntry, into: &Dir, name: &str, executable: bool) -> Result<(), ProfileError> {
        let mut from = self.dir.open_file(&entry.path)?;
        let mut to = into.create_file(name, self.mode(executable))?;
        std::io::copy(&mut from, &mut to)
            .map_err(|error| FsError::new(Action::Write, into.path().join(name), error))?;
        Ok(())
    }

    /// Returns the permission bits of a copy.
    fn mode(&self, executable: bool) -> u32 {
        match (self.files, executable) {
            (LinkMode::Private, false) => 0o600,
            (LinkMode::Private, true) => 0o700,
            (_, false) => 0o644,
            (_, true) => 0o755,
        }
    }

    /// Compares size and time with the store's index. Where they differ the content decides: a store that was copied
    /// to another disk has other times and the same files.
    fn check(&self, entry: &TreeEntry) -> Result<(), ProfileError> {
        let stat = self.dir.stat(&entry.path)?;
        if stat.is_some_and(|stat| !entry.is_changed(&stat)) {
            return Ok(());
        }
        let found = match stat {
            Some(_) => FoundContent::Digest(self.hash(entry)?),
            None => FoundContent::Nothing,
        };
        if found == FoundContent::Digest(entry.digest) {
            return Ok(());
        }
        Err(ProfileError::DamagedFile { file: self.dir.path().join(&*entry.path), expected: entry.digest, found })
    }

    fn hash(&self, entry: &TreeEntry) -> Result<TreeDigest, ProfileError> {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update_reader(self.dir.open_file(&entry.path)?)
            .map_err(|error| FsError::new(Action::Read, self.tree.folder.join(&*entry.path), error))?;
        Ok(TreeDigest(*hasher.finalize().as_bytes()))
    }
}

/// Returns the folders of the path `folder` that the path `before` does not lie in, outermost first. Over sorted
/// paths they are those that were not created yet.
pub(super) fn folders_of<'a>(folder: &'a str, before: &str) -> impl Iterator<Item = &'a str> {
    let shared = folder
        .split_inclusive('/')
        .scan(0, |end, part| {
            *end += part.len();
            Some(*end)
        })
        .take_while(|&end| {
            let prefix = folder[..end].trim_end_matches('/');
            before == prefix || before.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
        })
        .last()
        .unwrap_or(0);
    let ends = folder[shared..].match_indices('/').map(move |(at, _)| shared + at).chain(
        // The folder itself, unless it is there or is the root.
        (shared < folder.len()).then_some(folder.len()),
    );
    ends.map(|end| &folder[..end]).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_that_are_new_on_a_sorted_way_are_created() {
        let check = |folder, before| folders_of(folder, before).collect::<Vec<_>>();
        assert_eq!(check("a/b/c", ""), ["a", "a/b", "a/b/c"]);
        assert_eq!(check("a/b/c", "a"), ["a/b", "a/b/c"]);
        assert_eq!(check("a/bc", "a/b/c"), ["a/bc"]);
        assert_eq!(check("a/b", "a/b"), Vec::<&str>::new());
        assert_eq!(check("a", "a/b"), Vec::<&str>::new());
        assert_eq!(check("", "a/b"), Vec::<&str>::new());
        assert_eq!(check("ab", "a"), ["ab"]);
    }
}
