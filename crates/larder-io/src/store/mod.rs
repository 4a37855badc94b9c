//! The store: unpacked artifacts, addressed by content, shared by all of a user's projects.
//!
//! ```text
//! store/v1/
//! ├── trees/<first two digits>/<tree digest>/
//! │   ├── files/                      the artifact, unpacked: files 0444 or 0555, folders writable
//! │   └── index                       its entries: path, mode, size, mtime, digest
//! ├── artifacts/<algorithm>/<hex>     the record of an artifact digest: a symbolic link to its tree's index
//! ├── staging/<artifact>/             a tree while it is unpacked, locked by the process that unpacks it
//! ├── leases/                         the artifacts that current runs need
//! ├── projects/                       the projects that use the store
//! └── synced/<boot>                   the time until which the trees of that boot are on disk
//! ```
//!
//! A tree and its index appear in one rename, so a tree is there whole or not at all. Its record is a link, so that finding
//! a tree is one `open`. An index names the boot in which it was written: after another boot, a tree that was not synced is
//! hashed before it is used, and removed if the crash damaged it.

mod boot;
mod collect;
mod damage;
mod error;
mod index;
mod lease;
mod links;
mod owner;
mod projects;
mod staging;
mod tree;
mod unpacking;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use boot::BootId;
pub use collect::{CollectMode, Freed, GcRoots};
pub use damage::{DamageKind, StoreDamage};
pub use error::StoreError;
pub use lease::Lease;
pub use links::TreeLink;
pub use projects::{KnownProject, UnreadableNote};
pub use staging::{Staging, WriteError};
pub use tree::{Tree, TreeEntry, TreeOrigin};

use crate::fs::{self, Dir, FsError};
use crate::model::{Digest, TreeDigest};
use boot::{BootTime, SyncedBoots};
use index::{TreeIndex, TreeIndexError};
use unpacking::OngoingUnpacks;

/// A store on disk. Opening one costs nothing: its folders are created with the first tree.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    boots: SyncedBoots,
    swept: OnceLock<()>,
    /// Set once the owner of the store was checked.
    owner_checked: OnceLock<()>,
    unpacking: OngoingUnpacks,
}

impl Store {
    /// Opens the store in `folder`, which need not exist. This version of larder uses `v1` below it.
    pub fn open(folder: &Path) -> Self {
        let root = folder.join("v1");
        let boots = SyncedBoots::new(root.join("synced"));
        Self {
            boots,
            root,
            swept: OnceLock::new(),
            owner_checked: OnceLock::new(),
            unpacking: OngoingUnpacks::default(),
        }
    }

    /// Returns the folder that this version of larder uses.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the tree of an artifact. Returns `None` if the store does not have it.
    ///
    /// Lists no folder and inspects no file, except after a crash of the machine: see [`Store::sync`].
    pub fn tree(&self, artifact: &Digest) -> Result<Option<Tree>, StoreError> {
        self.check_owner()?;
        let record = self.record(artifact);
        let harmed = || Err(StoreError::Index { path: fs::canonicalize(&record).unwrap_or_else(|_| record.clone()) });
        let bytes = match fs::read_if_exists(&record) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(_) if self.is_displaced(&record)? => return harmed(),
            // An I/O error.
            Err(error) => return Err(error.into()),
        };
        match TreeIndex::decode(&bytes) {
            Ok(index) if !index.origin.admits(&lease::record_name(artifact)) => {
                // A process that is unpacking it links the record before it adds the artifact to the index.
                match fs::lstat(&self.staging_folder().join(staging::folder_name(artifact)))? {
                    Some(_) => Ok(None),
                    None => Err(StoreError::Record { path: record }),
                }
            }
            Ok(index) => self.checked_after_crash(index),
            // A crash can leave the name without the content.
            Err(TreeIndexError::Empty) => Ok(None),
            Err(TreeIndexError::Damaged) => harmed(),
        }
    }

    /// Begins to unpack an artifact; `None` stands for one whose digest is not known yet.
    ///
    /// If another process or thread is unpacking the same artifact, calls `waiting` with the process ID, if known, and waits.
    /// Afterwards the caller must look for the tree once more ([`Store::tree`]). The first call also removes what killed
    /// processes left.
    pub fn stage(
        &self,
        artifact: Option<&Digest>,
        waiting: impl FnMut(Option<u32>),
    ) -> Result<Staging<'_>, StoreError> {
        self.check_owner()?;
        if self.swept.set(()).is_ok() {
            staging::sweep(&self.staging_folder())?;
        }
        Staging::begin(self, artifact, waiting)
    }

    /// Removes what killed runs left. Their leases go last, as they show that there is something to remove.
    pub fn tidy(&self) -> Result<(), StoreError> {
        let _ = self.swept.set(());
        let tidied = staging::sweep(&self.staging_folder()).and_then(|()| {
            for folder in [self.projects_folder(), self.boots.folder().to_owned()] {
                fs::remove_abandoned(&folder)?;
            }
            self.end_leases()
        });
        Ok(unless_read_only(tidied)?)
    }

    /// Flushes the store to disk and records that, so that its present trees are not hashed again after a crash.
    pub fn sync(&self) -> Result<(), StoreError> {
        let until = self.boots.now()?;
        if fs::stat(&self.root)?.is_none() {
            return Ok(());
        }
        fs::sync_volume(&self.root)?;
        Ok(unless_read_only(self.boots.note_synced(until))?)
    }

    /// Removes a tree, so that it is fetched again when it is next needed.
    pub fn remove(&self, tree: &TreeDigest) -> Result<(), StoreError> {
        let removed = self.staging_folder().join(format!("removed-{tree}-{}", fs::random_name()));
        fs::create_dir_all(&self.staging_folder())?;
        match fs::rename(&self.tree_folder(tree), &removed) {
            Ok(()) => Ok(fs::remove_tree(&removed)?),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the tree and the record of an artifact, readable or not, so that it is fetched again when it is next needed.
    pub fn forget(&self, artifact: &Digest) -> Result<(), StoreError> {
        let record = self.record(artifact);
        if let Some(tree) = leads_to(&record) {
            self.remove(&tree)?;
        }
        // Whatever lies there: only a record has this name.
        Ok(fs::remove_tree(&record)?)
    }

    /// Returns whether the path of a record holds something other than a link to a tree's index. Returns `false` if nothing is
    /// there.
    fn is_displaced(&self, record: &Path) -> Result<bool, FsError> {
        let Some(tree) = leads_to(record) else { return Ok(!matches!(fs::lstat(record), Ok(None))) };
        let index = fs::stat(&self.tree_folder(&tree).join(INDEX))?;
        Ok(index.is_some_and(|stat| stat.kind != fs::Kind::File))
    }

    /// Records that an artifact has the content of a tree that is there: what was built is found by what it was built from.
    pub fn add_record(&self, artifact: &Digest, tree: &TreeDigest) -> Result<(), StoreError> {
        // The index names the artifact before the record leads to it.
        self.add_artifact(tree, &lease::record_name(artifact))?;
        Ok(self.link_record(artifact, tree)?)
    }

    /// Removes the record of an artifact. The tree stays, as it belongs to another artifact.
    pub fn drop_record(&self, artifact: &Digest) -> Result<(), StoreError> {
        Ok(fs::remove_file(&self.record(artifact))?)
    }

    /// Adds an artifact to the index of its tree, under the lock of the tree's folder.
    fn add_artifact(&self, tree: &TreeDigest, name: &str) -> Result<(), StoreError> {
        let place = self.tree_folder(tree);
        // Anything else that lies there is replaced by the tree.
        if fs::lstat(&place)?.is_none_or(|stat| stat.kind != fs::Kind::Folder) {
            return Ok(());
        }
        let folder = match Dir::open(&place) {
            Err(error) if error.is_not_found() => return Ok(()),
            folder => folder?,
        };
        folder.lock(&mut || {})?;
        let path = place.join(INDEX);
        let bytes = match fs::read_record(&path) {
            Err(error) if error.is_wrong_kind() => None,
            bytes => bytes?,
        };
        let Some(Ok(mut index)) = bytes.map(|bytes| TreeIndex::decode(&bytes)) else { return Ok(()) };
        if index.origin.admits(name) {
            return Ok(());
        }
        index.origin.artifacts.push(name.into());
        let bytes = index::encode(&index.digest, &index.entries, index.twins, &index.origin, index.written);
        Ok(fs::write_atomic(&path, &bytes, fs::Durability::Lazy)?)
    }

    /// Makes the record of an artifact lead to a tree, whatever it led to.
    fn link_record(&self, artifact: &Digest, tree: &TreeDigest) -> Result<(), FsError> {
        let record = self.record(artifact);
        let hex = tree.to_string();
        let target = PathBuf::from(format!("../../trees/{}/{hex}/{INDEX}", &hex[..2]));
        loop {
            match fs::symlink(&target, &record) {
                Err(error) if error.is_not_found() => staging::make_parent(&record)?,
                Err(error) if error.is_occupied() => {
                    if fs::lstat(&record)?.is_some_and(|stat| stat.kind == fs::Kind::Folder) {
                        fs::remove_tree(&record)?;
                    }
                    return fs::replace_symlink(&record, &target).map(|_| ());
                }
                result => return result,
            }
        }
    }

    /// Returns the tree of an index. Hashes it first if a crash may have damaged it; if so, removes it and returns `None`.
    fn checked_after_crash(&self, index: TreeIndex) -> Result<Option<Tree>, StoreError> {
        let trusted = self.boots.is_trusted(index.written)?;
        let tree = self.tree_of(index);
        if trusted {
            return Ok(Some(tree));
        }
        if !self.verify_tree(&tree)?.is_empty() {
            self.remove(&tree.digest)?;
            return Ok(None);
        }
        match self.write_index(&tree) {
            // It is hashed again the next time.
            Err(StoreError::Fs(error)) if error.is_read_only() => {}
            written => written?,
        }
        Ok(Some(tree))
    }

    fn write_index(&self, tree: &Tree) -> Result<(), StoreError> {
        let bytes = index::encode(&tree.digest, &tree.entries, tree.twins, &tree.origin, self.boots.now()?);
        Ok(fs::write_atomic(&self.tree_folder(&tree.digest).join(INDEX), &bytes, fs::Durability::Lazy)?)
    }

    fn tree_of(&self, index: TreeIndex) -> Tree {
        let TreeIndex { digest, entries, twins, origin, .. } = index;
        Tree { folder: self.tree_folder(&digest).join(FILES), digest, entries, twins, origin }
    }

    fn tree_folder(&self, tree: &TreeDigest) -> PathBuf {
        let hex = tree.to_string();
        let mut path = self.root.join("trees");
        path.push(&hex[..2]);
        path.push(hex);
        path
    }

    fn record(&self, artifact: &Digest) -> PathBuf {
        let mut path = self.root.join("artifacts");
        path.push(artifact.algorithm().as_str());
        path.push(artifact.to_hex());
        path
    }

    fn staging_folder(&self) -> PathBuf {
        self.root.join("staging")
    }

    fn now(&self) -> Result<BootTime, FsError> {
        self.boots.now()
    }
}

/// Returns the tree that a record leads to.
fn leads_to(record: &Path) -> Option<TreeDigest> {
    fs::read_link(record).ok()?.parent()?.file_name()?.to_str()?.parse().ok()
}

/// Ignores the error of an optional write to a read-only store.
fn unless_read_only(result: Result<(), FsError>) -> Result<(), FsError> {
    match result {
        Err(error) if error.is_read_only() => Ok(()),
        result => result,
    }
}

/// The folder of a tree's files, beside its index.
const FILES: &str = "files";

/// The name of a tree's index.
const INDEX: &str = "index";

#[cfg(test)]
mod tests;
