//! Tiles and entry bundles: c2sp.org/tlog-tiles.

use super::merkle::LogHash;

/// The hashes of a full tile, and the entries of a full bundle.
pub(super) const FULL: u64 = 256;

/// The levels of the tree that one level of tiles stands for.
pub(super) const HEIGHT: u32 = 8;

/// A tile: hashes of one level of the tree, up to 256 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TileId {
    /// The level among tiles; its hashes are on level `8 * level` of the tree.
    pub(super) level: u32,
    /// The place on its level.
    pub(super) index: u64,
    /// The number of hashes.
    pub(super) width: u64,
}

impl TileId {
    /// Returns the path of the tile: `tile/0/x001/067.p/8`.
    pub(super) fn path(self) -> String {
        format!("tile/{}/{}", self.level, numbered(self.index, self.width))
    }

    /// Returns the same tile when it is full.
    pub(super) fn full(self) -> Self {
        Self { width: FULL, ..self }
    }

    /// Returns the tile that holds a hash of the tree of this size, with the range of the hashes in it that the hash is
    /// computed from.
    pub(super) fn of_hash(level: u32, index: u64, size: u64) -> (Self, std::ops::Range<usize>) {
        let (tile_level, above) = (level / HEIGHT, level % HEIGHT);
        let first = index << above;
        let tile = Self::of_tree(tile_level, first / FULL, size);
        let start = (first % FULL) as usize;
        (tile, start..start + (1 << above))
    }

    /// Returns the tile at a place in the tree of this size.
    pub(super) fn of_tree(level: u32, index: u64, size: u64) -> Self {
        let count = size >> (HEIGHT * level);
        let width = if index == count / FULL { count % FULL } else { FULL };
        Self { level, index, width }
    }
}

/// Returns the path of the bundle of entries at a place, which has this number of entries.
pub fn entries_path(index: u64, width: u64) -> String {
    format!("tile/entries/{}", numbered(index, width))
}

/// Returns the paths of the tiles and bundles of a tree of size `newer` that one of size `older` does not have: the lowest
/// level first.
pub fn paths_between(older: u64, newer: u64) -> Vec<String> {
    let mut paths = Vec::new();
    for level in 0.. {
        let (before, count) = (older >> (HEIGHT * level), newer >> (HEIGHT * level));
        if count == 0 {
            break;
        }
        let changed = if count == before { 0..0 } else { before / FULL..count.div_ceil(FULL) };
        for index in changed {
            let tile = TileId::of_tree(level, index, newer);
            paths.extend((level == 0).then(|| entries_path(index, tile.width)));
            paths.push(tile.path());
        }
    }
    paths
}

/// `x001/x234/067`, and for a partial one `x001/x234/067.p/8`.
fn numbered(index: u64, width: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width == FULL { path } else { format!("{path}.p/{width}") }
}

/// Reads the first hashes of a tile. Returns `None` if it has no whole number of hashes, or fewer.
pub(super) fn parse_tile(bytes: &[u8], width: u64) -> Option<Vec<LogHash>> {
    let hashes = bytes.chunks_exact(LogHash::SIZE);
    if !hashes.remainder().is_empty() || (hashes.len() as u64) < width || hashes.len() as u64 > FULL {
        return None;
    }
    hashes.take(usize::try_from(width).ok()?).map(|hash| hash.try_into().ok().map(LogHash)).collect()
}

/// A bundle of entries: each behind its length, in two bytes, big-endian.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryBundle(Vec<u8>);

impl EntryBundle {
    /// Wraps the bytes of a bundle.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Adds an entry, of at most 65,535 bytes. Returns `false` if it is longer.
    #[must_use]
    pub fn push(&mut self, entry: &[u8]) -> bool {
        let Ok(length) = u16::try_from(entry.len()) else { return false };
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(entry);
        true
    }

    /// Returns the entries. Returns `None` if the bytes are no bundle.
    pub fn entries(&self) -> Option<Vec<&[u8]>> {
        let (mut rest, mut entries) = (self.0.as_slice(), Vec::new());
        while !rest.is_empty() {
            let (length, behind) = rest.split_first_chunk::<2>()?;
            let (entry, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            entries.push(entry);
            rest = behind;
        }
        (entries.len() as u64 <= FULL).then_some(entries)
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}
