//! A tree of which only size and root are believed. Every other hash is checked against them.

use super::answers::{Answers, ReadStop};
use super::fault::LogFault;
use super::merkle::{LogHash, LogTree, perfect_subtrees};
use super::tile::{FULL, HEIGHT, TileId};

impl LogTree {
    /// Checks that this tree begins with all leaves of another one, which is not larger.
    pub fn begins_with(&self, seen: Self, answers: &Answers) -> Result<(), ReadStop> {
        let rewritten = || ReadStop::from(LogFault::Rewritten { seen, now: *self });
        if seen.size == self.size {
            return if seen.root == self.root { Ok(()) } else { Err(rewritten()) };
        }
        if seen.size > self.size {
            return Err(rewritten());
        }
        let subtrees = perfect_subtrees(seen.size).map(|(level, index)| self.hash(level, index, answers));
        let subtrees = ReadStop::all(subtrees)?;
        if LogHash::root_of(&subtrees) == seen.root { Ok(()) } else { Err(rewritten()) }
    }

    /// Returns the bytes of a leaf, whose hash is in the tree.
    pub fn leaf(&self, index: u64, answers: &Answers) -> Result<Vec<u8>, ReadStop> {
        let width = TileId::of_tree(0, index / FULL, self.size).width;
        let (hash, (path, bundle)) = ReadStop::both(self.hash(0, index, answers), answers.bundle(index / FULL, width))?;
        let entries = bundle.entries().ok_or_else(|| LogFault::Forged { path: path.clone() })?;
        match entries.get((index % FULL) as usize) {
            Some(entry) if LogHash::of_leaf(entry) == hash => Ok(entry.to_vec()),
            _ => Err(LogFault::Forged { path }.into()),
        }
    }

    /// Returns a hash of a perfect subtree.
    fn hash(&self, level: u32, index: u64, answers: &Answers) -> Result<LogHash, ReadStop> {
        let (tile, range) = TileId::of_hash(level, index, self.size);
        let (path, hashes) = self.tile(tile.level, tile.index, answers)?;
        hashes.get(range).map(LogHash::of_perfect).ok_or_else(|| LogFault::Forged { path }.into())
    }

    /// Returns the hashes of a tile, checked: a full one against the hash above it, those on the right edge against the root.
    fn tile(&self, level: u32, index: u64, answers: &Answers) -> Result<(String, Vec<LogHash>), ReadStop> {
        let id = TileId::of_tree(level, index, self.size);
        if id.width < FULL {
            let edge = self.right_edge(answers)?;
            let own = edge.into_iter().find(|(at, _)| *at == id);
            return own
                .map(|(at, hashes)| (at.path(), hashes))
                .ok_or_else(|| LogFault::Missing { path: id.path() }.into());
        }
        let ((path, hashes), (_, above)) =
            ReadStop::both(answers.tile(id), self.tile(level + 1, index / FULL, answers))?;
        if above.get((index % FULL) as usize) == Some(&LogHash::of_perfect(&hashes)) {
            Ok((path, hashes))
        } else {
            Err(LogFault::Forged { path }.into())
        }
    }

    /// Returns the tiles that are not full. Together they make the root.
    pub(super) fn right_edge(&self, answers: &Answers) -> Result<Vec<(TileId, Vec<LogHash>)>, ReadStop> {
        let levels = (0..u64::BITS / HEIGHT).map(|level| (level, self.size >> (HEIGHT * level)));
        let ids = levels.filter(|(_, count)| count % FULL > 0).map(|(level, count)| TileId {
            level,
            index: count / FULL,
            width: count % FULL,
        });
        let tiles = ReadStop::all(ids.map(|id| answers.tile(id).map(|(path, hashes)| (id, path, hashes))))?;
        let subtree = |(level, index): (u32, u64)| {
            let (id, range) = TileId::of_hash(level, index, self.size);
            let (.., hashes) = tiles.iter().find(|(own, ..)| *own == id)?;
            hashes.get(range).map(LogHash::of_perfect)
        };
        let root = perfect_subtrees(self.size).map(subtree).collect::<Option<Vec<_>>>();
        if root.is_some_and(|subtrees| LogHash::root_of(&subtrees) == self.root) {
            Ok(tiles.into_iter().map(|(id, _, hashes)| (id, hashes)).collect())
        } else {
            let paths: Vec<String> = tiles.into_iter().map(|(_, path, _)| path).collect();
            Err(LogFault::Forged { path: paths.join("`, `") }.into())
        }
    }
}
