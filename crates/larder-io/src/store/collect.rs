//! Garbage collection.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{FILES, INDEX, Store, StoreError, leads_to, lease};
use crate::fs::{self, FsError};
use crate::model::{Digest, TreeDigest};

/// The trees and artifacts that a collection keeps.
#[derive(Clone, Debug, Default)]
pub struct GcRoots {
    /// The trees of generations.
    pub trees: BTreeSet<TreeDigest>,
    /// The artifacts of lockfiles.
    pub artifacts: BTreeSet<Digest>,
}

/// What a collection does with unneeded trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectMode {
    /// It removes them.
    Remove,
    /// It only counts them.
    DryRun,
}

/// What a collection removed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Freed {
    /// The folders of the trees.
    pub trees: Vec<PathBuf>,
    /// The total size of their files.
    pub bytes: u64,
}

/// How many trees are removed before the leases are read again.
const BATCH: usize = 32;

/// A use within this time of the last one is not recorded.
const USE_RESOLUTION: Duration = Duration::from_secs(24 * 60 * 60);

impl Store {
    /// Records that a tree is in use, at most once a day.
    pub fn note_use(&self, tree: &TreeDigest) -> Result<(), StoreError> {
        let folder = self.tree_folder(tree);
        let stat = fs::stat(&folder)?;
        if stat.is_some_and(|stat| age(stat.mtime) > USE_RESOLUTION) {
            super::unless_read_only(fs::touch(&folder))?;
        }
        Ok(())
    }

    /// Removes every tree that is neither a root nor leased, and was not used within `idle`, with the records that lead to
    /// it. Writes nothing, and so works on a full disk.
    pub fn collect(&self, roots: &GcRoots, idle: Duration, how: CollectMode) -> Result<Freed, StoreError> {
        let records = self.records()?;
        let named =
            roots.artifacts.iter().filter_map(|digest| records.get(&lease::record_name(digest)).copied().flatten());
        let kept: BTreeSet<TreeDigest> = named.chain(roots.trees.iter().copied()).collect();
        let mut unneeded = Vec::new();
        for tree in self.tree_digests()?.into_iter().filter(|tree| !kept.contains(tree)) {
            if fs::stat(&self.tree_folder(&tree))?.is_some_and(|stat| idle.is_zero() || age(stat.mtime) >= idle) {
                unneeded.push(tree);
            }
        }
        let mut freed = Freed::default();
        for batch in unneeded.chunks(BATCH) {
            let mut unnamed = Vec::new();
            {
                let _order = self.order_leases()?;
                let leased = self.leased()?;
                let leased: BTreeSet<TreeDigest> =
                    leased.iter().filter_map(|name| leads_to(&self.root.join("artifacts").join(name))).collect();
                for tree in batch.iter().filter(|tree| !leased.contains(tree)) {
                    freed.trees.push(self.tree_folder(tree));
                    freed.bytes += self.size(tree)?;
                    if how == CollectMode::Remove {
                        unnamed.extend(self.unname(tree)?);
                    }
                }
            }
            for removed in unnamed {
                fs::remove_tree(&removed)?;
            }
        }
        if how == CollectMode::Remove {
            self.remove_records(&records)?;
            self.tidy()?;
        }
        Ok(freed)
    }

    /// Renames a tree so that it is no longer found, and returns the new path, which is to be removed. On a disk too full for
    /// the rename, removes the tree at once: its index first, without which it is not found either.
    fn unname(&self, tree: &TreeDigest) -> Result<Option<PathBuf>, FsError> {
        let place = self.tree_folder(tree);
        let removed = self.staging_folder().join(format!("removed-{tree}-{}", fs::random_name()));
        match fs::rename(&place, &removed) {
            Ok(()) => Ok(Some(removed)),
            Err(error) if error.is_disk_full() || error.is_not_found() => {
                fs::remove_file(&place.join(INDEX))?;
                fs::remove_tree(&place)?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Removes the records that lead nowhere, unless they are leased: then a run is about to create the tree.
    fn remove_records(&self, records: &BTreeMap<String, Option<TreeDigest>>) -> Result<(), StoreError> {
        let _order = self.order_leases()?;
        let leased = self.leased()?;
        for (name, tree) in records.iter().filter(|(name, _)| !leased.contains(*name)) {
            let is_there = tree.is_some_and(|tree| matches!(fs::stat(&self.tree_folder(&tree)), Ok(Some(_))));
            if !is_there {
                fs::remove_tree(&self.root.join("artifacts").join(name))?;
            }
        }
        Ok(())
    }

    fn records(&self) -> Result<BTreeMap<String, Option<TreeDigest>>, FsError> {
        let mut records = BTreeMap::new();
        let folder = self.root.join("artifacts");
        for algorithm in listing(&folder)? {
            for record in listing(&folder.join(&algorithm))? {
                let tree = leads_to(&folder.join(&algorithm).join(&record));
                records.insert(format!("{algorithm}/{record}"), tree);
            }
        }
        Ok(records)
    }

    fn size(&self, tree: &TreeDigest) -> Result<u64, StoreError> {
        // A tree with a damaged index is removed, too.
        if let Ok(Some(tree)) = self.tree_by_digest(tree) {
            return Ok(tree.entries.iter().map(|entry| entry.size).sum());
        }
        let folder = self.tree_folder(tree).join(FILES);
        let mut size = 0;
        if fs::stat(&folder)?.is_some() {
            for found in fs::walk(&folder, |_| true)? {
                size += fs::lstat(&folder.join(found.path))?.map_or(0, |stat| stat.size);
            }
        }
        Ok(size)
    }
}

fn listing(folder: &Path) -> Result<Vec<String>, FsError> {
    match fs::read_dir(folder) {
        Ok(found) => Ok(found.into_iter().filter_map(|found| found.path.to_str().map(str::to_owned)).collect()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        // Not a folder: larder did not create it.
        Err(_) if fs::lstat(folder)?.is_some_and(|stat| stat.kind != fs::Kind::Folder) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn age(mtime: i64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_nanos(mtime.max(0).unsigned_abs()))
}
