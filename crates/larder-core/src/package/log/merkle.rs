//! The hashes of an append-only tree: RFC 6962, section 2.1.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::model::{decode_hex, encode_hex};

/// A hash of a log: SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogHash(pub [u8; LogHash::SIZE]);

impl LogHash {
    /// The bytes of a hash.
    pub const SIZE: usize = 32;

    /// Returns the hash of a leaf.
    pub fn of_leaf(entry: &[u8]) -> Self {
        Self(Sha256::new_with_prefix([0]).chain_update(entry).finalize().into())
    }

    /// Returns the hash of a node.
    pub fn of_node(left: Self, right: Self) -> Self {
        Self(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// Returns the hash of a file.
    pub fn of_file(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Returns the root of the tree without leaves.
    pub fn empty_root() -> Self {
        Self::of_file(&[])
    }

    /// Returns the hash that stands above these, whose number is a power of two.
    pub(super) fn of_perfect(hashes: &[Self]) -> Self {
        let mut level = hashes.to_vec();
        while level.len() > 1 {
            level = level.chunks_exact(2).map(|pair| Self::of_node(pair[0], pair[1])).collect();
        }
        level.first().copied().unwrap_or_else(Self::empty_root)
    }

    /// Returns the root of a tree whose maximal perfect subtrees have these hashes, from left to right.
    pub(super) fn root_of(subtrees: &[Self]) -> Self {
        let mut from_right = subtrees.iter().rev();
        let Some(last) = from_right.next() else { return Self::empty_root() };
        from_right.fold(*last, |right, left| Self::of_node(*left, right))
    }

    /// Parses the form of a checkpoint.
    pub(super) fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Returns the form of a checkpoint.
    pub(super) fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }

    /// Parses 64 hexadecimal digits, in lower case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::SIZE];
        decode_hex(text, &mut bytes)?;
        (!text.contains(|digit: char| digit.is_ascii_uppercase())).then_some(Self(bytes))
    }
}

impl fmt::Display for LogHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_hex(&self.0))
    }
}

impl fmt::Debug for LogHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A tree, by its size and its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogTree {
    /// The number of leaves.
    pub size: u64,
    /// The hash of the root.
    pub root: LogHash,
}

impl LogTree {
    /// Returns the tree without leaves.
    pub fn empty() -> Self {
        Self { size: 0, root: LogHash::empty_root() }
    }
}

/// Returns the maximal perfect subtrees of a tree, from left to right: of each its level and its index on that level.
pub(super) fn perfect_subtrees(size: u64) -> impl Iterator<Item = (u32, u64)> {
    (0..u64::BITS).rev().filter(move |level| size >> level & 1 == 1).map(move |level| (level, (size >> level) - 1))
}
