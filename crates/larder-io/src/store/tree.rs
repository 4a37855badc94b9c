//! Trees: unpacked artifacts.

use std::path::PathBuf;

use crate::fs::Stat;
use crate::model::TreeDigest;

/// An unpacked artifact in the store.
#[derive(Clone, Debug)]
pub struct Tree {
    /// BLAKE3 over the entries' (path, executable bit, content digest).
    pub digest: TreeDigest,
    /// The folder that holds the files.
    pub folder: PathBuf,
    /// The files, sorted by path. Folders are not listed: they are the prefixes of the paths.
    pub entries: Vec<TreeEntry>,
    /// Whether some of the paths collide on a file system that ignores case, or the Unicode form of accents.
    pub twins: bool,
    /// The artifacts and the package that it comes from.
    pub origin: TreeOrigin,
}

/// The artifacts and the package that a tree comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeOrigin {
    /// The artifacts whose content it is, by the names of their records. Empty if an older larder wrote the index.
    pub(super) artifacts: Vec<Box<str>>,
    /// The package that its content declares: `npm:react@18.3.1`.
    pub(super) package: Option<Box<str>>,
}

impl TreeOrigin {
    /// Returns whether the tree may be the content of the artifact with this record name.
    pub(super) fn admits(&self, artifact: &str) -> bool {
        self.artifacts.is_empty() || self.artifacts.iter().any(|known| **known == *artifact)
    }
}

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// The path relative to the tree, with `/` between parts.
    pub path: Box<str>,
    /// Whether it may be executed.
    pub executable: bool,
    /// The size in bytes.
    pub size: u64,
    /// The modification time when the file entered the store, in nanoseconds since 1970.
    pub mtime: i64,
    /// The BLAKE3 digest of its content.
    pub digest: TreeDigest,
}

impl Tree {
    /// Returns whether the content is known to declare this package: see [`Staging::set_package`](super::Staging).
    pub fn is_known_as(&self, package: &str) -> bool {
        self.origin.package.as_deref() == Some(package)
    }

    /// Returns the entry at `path`.
    pub fn entry(&self, path: &str) -> Option<&TreeEntry> {
        let at = self.entries.binary_search_by(|entry| (*entry.path).cmp(path)).ok()?;
        Some(&self.entries[at])
    }
}

impl TreeEntry {
    /// Returns whether size or time differ from those of the file that entered the store.
    ///
    /// This costs no more than the `stat`. Whether the content differs, only
    /// [`Store::verify_entry`](super::Store::verify_entry) can say.
    pub fn is_changed(&self, stat: &Stat) -> bool {
        self.size != stat.size || self.mtime != stat.mtime
    }
}

/// Returns the digest of a tree with these entries, which must be sorted by path.
pub(super) fn digest(entries: &[TreeEntry]) -> TreeDigest {
    TreeDigest::of_files(entries.iter().map(|entry| (&*entry.path, entry.executable, entry.digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, executable: bool, content: &str) -> TreeEntry {
        TreeEntry { path: path.into(), executable, size: 0, mtime: 0, digest: TreeDigest::of(content.as_bytes()) }
    }

    #[test]
    fn the_digest_covers_path_mode_and_content_but_not_time() {
        let base = digest(&[entry("a", false, "x")]);
        assert_ne!(base, digest(&[entry("b", false, "x")]));
        assert_ne!(base, digest(&[entry("a", true, "x")]));
        assert_ne!(base, digest(&[entry("a", false, "y")]));
        assert_ne!(base, digest(&[]));
        assert_eq!(base, digest(&[TreeEntry { mtime: 7, ..entry("a", false, "x") }]));
    }
}
