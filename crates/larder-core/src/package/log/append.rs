//! The files of a tree that grows: the tiles and bundles that new leaves fill, and those that they begin.

use super::answers::{Answers, ReadStop};
use super::fault::LogFault;
use super::merkle::{LogHash, LogTree};
use super::tile::{self, EntryBundle, FULL, TileId};

/// A tree to which leaves are added.
#[derive(Clone, Debug)]
pub struct Appender {
    size: u64,
    /// The hashes of the tile on the right edge, for each level of tiles.
    edge: Vec<Vec<LogHash>>,
    bundle: EntryBundle,
    files: Vec<(String, Vec<u8>)>,
}

impl Appender {
    /// Begins with a tree, whose right edge is checked against its root.
    pub fn new(tree: LogTree, answers: &Answers) -> Result<Self, ReadStop> {
        let width = tree.size % FULL;
        let bundle = if width == 0 {
            Ok(EntryBundle::default())
        } else {
            let found = answers.bundle(tree.size / FULL, width);
            found.and_then(|(path, bundle)| cut(&bundle, width).ok_or_else(|| LogFault::Forged { path }.into()))
        };
        let (bundle, tiles) = ReadStop::both(bundle, tree.right_edge(answers))?;
        let mut edge: Vec<Vec<LogHash>> = Vec::new();
        for (id, hashes) in tiles {
            edge.resize(edge.len().max(id.level as usize + 1), Vec::new());
            edge[id.level as usize] = hashes;
        }
        // The entries are kept only if they are the leaves.
        let leaves = edge.first().map(Vec::as_slice).unwrap_or_default();
        let entries = bundle.entries().unwrap_or_default();
        if !entries.iter().map(|entry| LogHash::of_leaf(entry)).eq(leaves.iter().copied()) {
            return Err(LogFault::Forged { path: tile::entries_path(tree.size / FULL, width) }.into());
        }
        Ok(Self { size: tree.size, edge, bundle, files: Vec::new() })
    }

    /// Adds a leaf. Returns `false` if it is too long for a log.
    #[must_use]
    pub fn push(&mut self, entry: &[u8]) -> bool {
        if !self.bundle.push(entry) {
            return false;
        }
        self.size += 1;
        if self.size.is_multiple_of(FULL) {
            let bundle = std::mem::take(&mut self.bundle);
            self.files.push((tile::entries_path(self.size / FULL - 1, FULL), bundle.bytes().to_vec()));
        }
        let (mut hash, mut level) = (LogHash::of_leaf(entry), 0);
        loop {
            self.edge.resize(self.edge.len().max(level + 1), Vec::new());
            self.edge[level].push(hash);
            if self.edge[level].len() as u64 != FULL {
                return true;
            }
            let full = std::mem::take(&mut self.edge[level]);
            let index = (self.size >> (tile::HEIGHT * (level as u32 + 1))) - 1;
            self.files.push((TileId { level: level as u32, index, width: FULL }.path(), bytes_of(&full)));
            hash = LogHash::of_perfect(&full);
            level += 1;
        }
    }

    /// Returns the files that were filled since they were taken last.
    pub fn take_files(&mut self) -> Vec<(String, Vec<u8>)> {
        std::mem::take(&mut self.files)
    }

    /// Returns the grown tree, and the files of it that were not there before.
    pub fn finish(mut self) -> (LogTree, Vec<(String, Vec<u8>)>) {
        let mut subtrees = Vec::new();
        for (level, hashes) in self.edge.iter().enumerate().rev().filter(|(_, hashes)| !hashes.is_empty()) {
            let (level, width) = (level as u32, hashes.len() as u64);
            let index = (self.size >> (tile::HEIGHT * level)) / FULL;
            self.files.push((TileId { level, index, width }.path(), bytes_of(hashes)));
            let mut rest = hashes.as_slice();
            for bit in (0..tile::HEIGHT).rev().filter(|bit| width >> bit & 1 == 1) {
                let (perfect, behind) = rest.split_at(1 << bit);
                subtrees.push(LogHash::of_perfect(perfect));
                rest = behind;
            }
        }
        let width = self.size % FULL;
        if width > 0 {
            self.files.push((tile::entries_path(self.size / FULL, width), self.bundle.bytes().to_vec()));
        }
        (LogTree { size: self.size, root: LogHash::root_of(&subtrees) }, self.files)
    }
}

/// Returns the first entries of a bundle.
fn cut(bundle: &EntryBundle, count: u64) -> Option<EntryBundle> {
    let entries = bundle.entries()?;
    let mut first = EntryBundle::default();
    let all = entries.get(..usize::try_from(count).ok()?)?.iter().all(|entry| first.push(entry));
    all.then_some(first)
}

fn bytes_of(hashes: &[LogHash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
