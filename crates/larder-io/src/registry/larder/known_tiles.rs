//! Tiles of logs that were seen: a registry that shows an older state does not have those of the newer one, with which the older one is
//! compared.
//!
//! ```text
//! <cache>/logs/tiles/<origin>-<hash of its key>/0-x001-067    the hashes of a tile: the most that were seen of it
//! ```
//!
//! They are believed no more than those of a registry: a tree that was seen has to stand for them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::fs::{self, Durability};
use crate::package::log::LogHash;
use crate::registry::once::lock;

/// The number of hashes of a full tile.
const FULL: usize = 256;

/// The tiles that were seen of the logs of some keys.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownTiles {
    /// A folder for each key.
    pub(super) folders: Vec<PathBuf>,
}

/// The tiles of one look at a registry.
#[derive(Debug, Default)]
pub(super) struct TilesOfLook {
    /// Those that the registry has, by their paths.
    fetched: Mutex<Vec<(String, Vec<u8>)>>,
    /// The partial ones that it does not have: a full one in their place is believed as far as they reach.
    missing: Mutex<BTreeSet<String>>,
    has_used_known: AtomicBool,
}

impl TilesOfLook {
    /// Notes what a registry answered. Returns that, or what was seen before of a tile that the registry does not have.
    pub(super) fn note(&self, known: &KnownTiles, path: &str, answer: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let Some((name, width)) = place(path) else { return answer };
        if let Some(content) = answer {
            lock(&self.fetched).push((path.to_owned(), content.clone()));
            return Some(content);
        }
        if width < FULL {
            lock(&self.missing).insert(name.clone());
        }
        let seen = known.tile(&name, width);
        self.has_used_known.fetch_or(seen.is_some(), Ordering::Relaxed);
        seen
    }

    /// Returns whether a tile was taken that only was seen before.
    pub(super) fn has_used_known(&self) -> bool {
        self.has_used_known.load(Ordering::Relaxed)
    }

    /// Keeps the tiles of a look that was believed.
    pub(super) fn keep(self, folder: &KnownTiles) {
        let missing = self.missing.into_inner().unwrap_or_default();
        for (path, content) in self.fetched.into_inner().unwrap_or_default() {
            if let Some((name, width)) = place(&path)
                && content.len() == width * LogHash::SIZE
                && !(width == FULL && missing.contains(&name))
            {
                folder.keep(&name, &content);
            }
        }
    }
}

impl KnownTiles {
    fn tile(&self, name: &str, width: usize) -> Option<Vec<u8>> {
        self.folders.iter().find_map(|folder| {
            let mut content = fs::read_up_to(&folder.join(name), (FULL * LogHash::SIZE) as u64).ok()??;
            let length = width * LogHash::SIZE;
            (content.len() >= length).then(|| {
                content.truncate(length);
                content
            })
        })
    }

    fn keep(&self, name: &str, content: &[u8]) {
        let Some(folder) = self.folders.first() else { return };
        let path = folder.join(name);
        let known = fs::stat(&path).ok().flatten().map_or(0, |stat| stat.size);
        if known < content.len() as u64 {
            // What is not remembered only makes the next run know less.
            let _ = fs::create_dir_all(folder);
            let _ = fs::write_atomic(&path, content, Durability::Lazy);
        }
    }
}

/// Returns the name of a tile in the cache, and how many hashes its path asks for: `0-x001-067` and 8 of `tile/0/x001/067.p/8`.
fn place(path: &str) -> Option<(String, usize)> {
    let tile = path.strip_prefix("tile/").filter(|tile| !tile.starts_with("entries/"))?;
    let (tile, width) = match tile.split_once(".p/") {
        Some((tile, width)) => (tile, width.parse().ok()?),
        None => (tile, FULL),
    };
    Some((tile.replace('/', "-"), width))
}
