//! A tree's index on disk, version 2.
//!
//! ```text
//! "larder tree 2\n"  boot: 16  at: u64  tree digest: 32  count: u32
//! artifacts: u16     for each its record's name: length: u16  text
//! package            length: u16  text; empty where it is not known
//! for each entry     flags: u8 (1: executable, 2: the tree has paths that collide elsewhere)  size: u64  mtime: i64  digest: 32  length: u16  path
//! the first 16 bytes of the BLAKE3 of everything before
//! ```
//!
//! Numbers are little-endian. Version 1 has neither artifacts nor package, and is read as well.

use super::boot::{BootId, BootTime};
use super::tree::{TreeEntry, TreeOrigin};
use crate::model::TreeDigest;

const MAGIC: &[u8] = b"larder tree 2\n";
const MAGIC_1: &[u8] = b"larder tree 1\n";
const HEADER: usize = MAGIC.len() + 16 + 8 + 32 + 4;
const ENTRY: usize = 1 + 8 + 8 + 32 + 2;
const CHECK: usize = 16;

const EXECUTABLE: u8 = 1;
const TWINS: u8 = 2;

/// The content of an index.
#[derive(Debug)]
pub(super) struct TreeIndex {
    pub(super) written: BootTime,
    pub(super) digest: TreeDigest,
    pub(super) entries: Vec<TreeEntry>,
    /// Whether some of the paths collide on a file system that ignores case.
    pub(super) twins: bool,
    pub(super) origin: TreeOrigin,
}

/// Why an index cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TreeIndexError {
    /// It is empty or all zeros: the machine stopped before the content reached the disk.
    Empty,
    /// It is not what was written.
    Damaged,
}

/// Writes the index of a tree.
pub(super) fn encode(
    digest: &TreeDigest,
    entries: &[TreeEntry],
    twins: bool,
    origin: &TreeOrigin,
    written: BootTime,
) -> Vec<u8> {
    let paths: usize = entries.iter().map(|entry| entry.path.len()).sum();
    let package = origin.package.as_deref().unwrap_or_default();
    let names: usize = origin.artifacts.iter().map(|name| name.len() + 2).sum();
    let origin_size = 2 + names + 2 + package.len();
    let mut bytes = Vec::with_capacity(HEADER + origin_size + entries.len() * ENTRY + paths + CHECK);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&written.boot.0);
    bytes.extend_from_slice(&written.at.to_le_bytes());
    bytes.extend_from_slice(&digest.0);
    bytes.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&(origin.artifacts.len() as u16).to_le_bytes());
    for text in origin.artifacts.iter().map(|name| &**name).chain([package]) {
        bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
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

impl TreeIndex {
    /// Reads an index.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, TreeIndexError> {
        if bytes.iter().all(|byte| *byte == 0) {
            return Err(TreeIndexError::Empty);
        }
        let body = bytes
            .split_last_chunk::<CHECK>()
            .filter(|(body, check)| blake3::hash(body).as_bytes()[..CHECK] == **check)
            .and_then(|(body, _)| match body.strip_prefix(MAGIC) {
                Some(body) => parse(body, true),
                None => parse(body.strip_prefix(MAGIC_1)?, false),
            });
        body.ok_or(TreeIndexError::Damaged)
    }
}

fn parse(mut rest: &[u8], has_origin: bool) -> Option<TreeIndex> {
    let rest = &mut rest;
    let boot = BootId(take(rest)?);
    let at = u64::from_le_bytes(take(rest)?);
    let digest = TreeDigest(take(rest)?);
    let count = u32::from_le_bytes(take(rest)?) as usize;
    let origin = if has_origin { parse_origin(rest)? } else { TreeOrigin::default() };
    let mut entries = Vec::with_capacity(count.min(rest.len() / ENTRY));
    let mut twins = false;
    for _ in 0..count {
        let [flags] = take(rest)?;
        let size = u64::from_le_bytes(take(rest)?);
        let mtime = i64::from_le_bytes(take(rest)?);
        let digest = TreeDigest(take(rest)?);
        let path = text(rest)?;
        twins |= flags & TWINS != 0;
        entries.push(TreeEntry { path, executable: flags & EXECUTABLE != 0, size, mtime, digest });
    }
    rest.is_empty().then_some(TreeIndex { written: BootTime { boot, at }, digest, entries, twins, origin })
}

fn parse_origin(rest: &mut &[u8]) -> Option<TreeOrigin> {
    let count = u16::from_le_bytes(take(rest)?);
    let artifacts = (0..count).map(|_| text(rest)).collect::<Option<_>>()?;
    let package = text(rest)?;
    Some(TreeOrigin { artifacts, package: (!package.is_empty()).then_some(package) })
}

fn text(rest: &mut &[u8]) -> Option<Box<str>> {
    let length = u16::from_le_bytes(take(rest)?) as usize;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(std::str::from_utf8(text).ok()?.into())
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
        let origin = TreeOrigin {
            artifacts: vec!["sha512/00".into(), "sha256/11".into()],
            package: Some("npm:left@1.0.0".into()),
        };
        encode(&TreeDigest::of(b"t"), &entries, true, &origin, BootTime { boot: BootId::of(b"now"), at: 42 })
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = sample();
        let index = TreeIndex::decode(&bytes).unwrap();
        assert_eq!(encode(&index.digest, &index.entries, index.twins, &index.origin, index.written), bytes);
        assert!(index.twins);
        assert_eq!(index.entries.len(), 3);
        assert!(index.origin.admits("sha256/11") && !index.origin.admits("sha256/22"));
    }

    #[test]
    fn an_index_of_an_older_larder_is_read_and_admits_any_artifact() {
        let bytes = sample();
        let start = HEADER + 2 + 2 * (2 + 9) + 2 + "npm:left@1.0.0".len();
        let mut old = [MAGIC_1, &bytes[MAGIC.len()..HEADER], &bytes[start..bytes.len() - CHECK]].concat();
        let check = blake3::hash(&old);
        old.extend_from_slice(&check.as_bytes()[..CHECK]);
        let (old, new) = (TreeIndex::decode(&old).unwrap(), TreeIndex::decode(&bytes).unwrap());
        assert_eq!((old.digest, &old.entries), (new.digest, &new.entries));
        assert!(old.origin == TreeOrigin::default() && old.origin.admits("sha512/22"));
    }

    #[test]
    fn every_flipped_byte_and_every_truncation_is_noticed() {
        let bytes = sample();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(TreeIndex::decode(&flipped).unwrap_err(), TreeIndexError::Damaged, "at {at}");
        }
        for length in 1..bytes.len() {
            assert_eq!(TreeIndex::decode(&bytes[..length]).unwrap_err(), TreeIndexError::Damaged, "at {length}");
        }
        assert_eq!(TreeIndex::decode(&[]).unwrap_err(), TreeIndexError::Empty);
        assert_eq!(TreeIndex::decode(&[0; 100]).unwrap_err(), TreeIndexError::Empty);
    }
}
