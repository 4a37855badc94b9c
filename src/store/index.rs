//! A tree's index on disk, version 1.
//!
//! ```text
//! "larder tree 1\n"  boot: 16  at: u64  tree digest: 32  count: u32
//! for each entry     flags: u8 (1: executable, 2: the tree has names that are one elsewhere)  size: u64  mtime: i64  digest: 32  length: u16  path
//! the first 16 bytes of the BLAKE3 of all before
//! ```
//!
//! Numbers are little-endian.

use super::boot::{BootId, Moment};
use super::tree::TreeEntry;
use crate::model::TreeDigest;

const MAGIC: &[u8] = b"larder tree 1\n";
const HEADER: usize = MAGIC.len() + 16 + 8 + 32 + 4;
const ENTRY: usize = 1 + 8 + 8 + 32 + 2;
const CHECK: usize = 16;

const EXECUTABLE: u8 = 1;
const TWINS: u8 = 2;

/// What an index says.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) written: Moment,
    pub(super) digest: TreeDigest,
    pub(super) entries: Vec<TreeEntry>,
    /// Whether some of the paths are one where case does not count.
    pub(super) twins: bool,
}

/// Why an index cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IndexError {
    /// Nothing, or only zeros: the machine stopped before the content reached the disk.
    Empty,
    /// Not what was written.
    Damaged,
}

/// Writes the index of a tree.
pub(super) fn encode(digest: &TreeDigest, entries: &[TreeEntry], twins: bool, written: Moment) -> Vec<u8> {
    let paths: usize = entries.iter().map(|entry| entry.path.len()).sum();
    let mut bytes = Vec::with_capacity(HEADER + entries.len() * ENTRY + paths + CHECK);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&written.boot.0);
    bytes.extend_from_slice(&written.at.to_le_bytes());
    bytes.extend_from_slice(&digest.0);
    bytes.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    for entry in entries {
        bytes.push(if entry.executable { EXECUTABLE } else { 0 } | if twins { TWINS } else { 0 });
        bytes.extend_from_slice(&entry.size.to_le_bytes());
        bytes.extend_from_slice(&entry.mtime.to_le_bytes());
        bytes.extend_from_slice(&entry.digest.0);
        bytes.extend_from_slice(&(entry.path.len() as u16).to_le_bytes());
        bytes.extend_from_slice(entry.path.as_bytes());
    }
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(&check.as_bytes()[..CHECK]);
    bytes
}

impl Index {
    /// Reads an index.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, IndexError> {
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(IndexError::Empty);
        }
        let body = bytes
            .split_last_chunk::<CHECK>()
            .filter(|(body, check)| blake3::hash(body).as_bytes()[..CHECK] == **check)
            .and_then(|(body, _)| body.strip_prefix(MAGIC));
        body.and_then(parse).ok_or(IndexError::Damaged)
    }
}

fn parse(mut rest: &[u8]) -> Option<Index> {
    let rest = &mut rest;
    let boot = BootId(take(rest)?);
    let at = u64::from_le_bytes(take(rest)?);
    let digest = TreeDigest(take(rest)?);
    let count = u32::from_le_bytes(take(rest)?) as usize;
    let mut entries = Vec::with_capacity(count.min(rest.len() / ENTRY));
    let mut twins = false;
    for _ in 0..count {
        let [flags] = take(rest)?;
        let size = u64::from_le_bytes(take(rest)?);
        let mtime = i64::from_le_bytes(take(rest)?);
        let digest = TreeDigest(take(rest)?);
        let length = u16::from_le_bytes(take(rest)?) as usize;
        let (path, after) = rest.split_at_checked(length)?;
        *rest = after;
        let path = std::str::from_utf8(path).ok()?.into();
        twins |= flags & TWINS != 0;
        entries.push(TreeEntry { path, executable: flags & EXECUTABLE != 0, size, mtime, digest });
    }
    rest.is_empty().then_some(Index { written: Moment { boot, at }, digest, entries, twins })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let entries: Vec<_> = (0..3)
            .map(|i| TreeEntry {
                path: format!("folder/{i}").into(),
                executable: i == 1,
                size: i,
                mtime: -5,
                digest: TreeDigest::of(&[i as u8]),
            })
            .collect();
        encode(&TreeDigest::of(b"t"), &entries, true, Moment { boot: BootId::of(b"now"), at: 42 })
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = sample();
        let index = Index::decode(&bytes).unwrap();
        assert_eq!(encode(&index.digest, &index.entries, index.twins, index.written), bytes);
        assert!(index.twins);
        assert_eq!(index.entries.len(), 3);
    }

    #[test]
    fn every_flipped_byte_and_every_truncation_is_noticed() {
        let bytes = sample();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(Index::decode(&flipped).unwrap_err(), IndexError::Damaged, "at {at}");
        }
        for length in 1..bytes.len() {
            assert_eq!(Index::decode(&bytes[..length]).unwrap_err(), IndexError::Damaged, "at {length}");
        }
        assert_eq!(Index::decode(&[]).unwrap_err(), IndexError::Empty);
        assert_eq!(Index::decode(&[0; 100]).unwrap_err(), IndexError::Empty);
    }
}
