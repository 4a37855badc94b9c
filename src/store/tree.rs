//! A tree: the content of one artifact, unpacked.

use std::path::PathBuf;

use crate::model::TreeDigest;

/// An artifact as it lies in the store.
#[derive(Clone, Debug)]
pub struct Tree {
    /// BLAKE3 over the entries' (path, executable bit, content digest).
    pub digest: TreeDigest,
    /// The folder that holds the files.
    pub folder: PathBuf,
    /// The files, sorted by path. Folders are not listed: they are the prefixes of the paths.
    pub entries: Vec<TreeEntry>,
}

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// Relative to the tree, with `/` between parts.
    pub path: Box<str>,
    /// Whether it may be executed.
    pub executable: bool,
    /// In bytes.
    pub size: u64,
    /// Nanoseconds since 1970, as it was when the file entered the store.
    pub mtime: i64,
    /// BLAKE3 of its content.
    pub digest: TreeDigest,
}
