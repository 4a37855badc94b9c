//! The store: unpacked artifacts, addressed by content, shared by all of a user's projects.
//!
//! ```text
//! store/v1/
//! ├── trees/<first two digits>/<tree digest>/
//! │   ├── files/                      the artifact, unpacked: files 0444 or 0555, folders writable
//! │   └── index                       its entries: path, mode, size, mtime, digest
//! ├── artifacts/<algorithm>/<hex>     artifact digest → tree: a symbolic link to its index
//! ├── staging/<artifact>/             a tree while it is unpacked; locked by who does it
//! ├── leases/                         what runs that are under way need
//! ├── projects/                       who uses the store
//! └── synced/<boot>                   until when the trees of that boot are on disk
//! ```
//!
//! A tree comes with its index in one rename, so it is there whole or not at all. Its record is a link, so that finding
//! a tree is one open. What was written since the disk was last synced carries the boot it belongs to: after another boot
//! it is hashed before it is used, and forgotten where the crash took something.

mod boot;
mod collect;
mod error;
mod index;
mod lease;
mod owner;
mod path;
mod projects;
mod staging;
mod tree;
mod turn;
mod verify;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use boot::BootId;
pub use collect::{Collection, Freed, Roots};
pub use error::StoreError;
pub use lease::Lease;
pub use path::{EntryPath, PathError};
pub use projects::{KnownProject, LostNote};
pub use staging::{Staging, WriteError};
pub use tree::{Origin, Tree, TreeEntry};
pub use verify::{Damage, Harm};

use crate::fs::{self, Dir, FsError};
use crate::model::{Digest, TreeDigest};
use boot::{Boots, Moment};
use index::{Index, IndexError};
use turn::Unpacking;

/// A store on disk. Opening one costs nothing; folders are made when the first tree comes.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    boots: Boots,
    swept: OnceLock<()>,
    /// Set once the store was found to be this user's own.
    own: OnceLock<()>,
    unpacking: Unpacking,
}

impl Store {
    /// Opens the store in `folder`, which need not exist. What this version of larder keeps lies in `v1` below it.
    pub fn open(folder: &Path) -> Self {
        let root = folder.join("v1");
        let boots = Boots::new(root.join("synced"));
        Self { boots, root, swept: OnceLock::new(), own: OnceLock::new(), unpacking: Unpacking::default() }
    }

    /// Returns the folder of everything that this version of larder keeps.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the unpacked artifact with this digest, if the store has it.
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
            // The machine did not answer.
            Err(error) => return Err(error.into()),
        };
        match Index::decode(&bytes) {
            Ok(index) if !index.origin.admits(&lease::name(artifact)) => {
                // Who unpacks it just now has linked the record before it adds the artifact.
                match fs::lstat(&self.staging_folder().join(staging::name(artifact)))? {
                    Some(_) => Ok(None),
                    None => Err(StoreError::Record { path: record }),
                }
            }
            Ok(index) => self.settle(index),
            // A crash can leave the name without the content.
            Err(IndexError::Empty) => Ok(None),
            Err(IndexError::Damaged) => harmed(),
        }
    }

    /// Begins to unpack the artifact with this digest, or one whose digest is not known yet.
    ///
    /// Where another process or thread unpacks the same artifact, calls `waiting`, with the process's number where that is
    /// known, and waits for it to end: look for the tree once more then ([`Store::tree`]). The first call also removes
    /// what killed processes left.
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

    /// Removes what killed runs left: their leases last, as these tell that there is something to remove.
    pub fn tidy(&self) -> Result<(), StoreError> {
        let _ = self.swept.set(());
        let tidied = staging::sweep(&self.staging_folder()).and_then(|()| {
            for folder in [self.projects_folder(), self.boots.folder().to_owned()] {
                fs::remove_left(&folder)?;
            }
            self.end_leases()
        });
        Ok(unless_read_only(tidied)?)
    }

    /// Writes everything to disk and notes it, so that what is in the store now is not hashed again after a crash.
    pub fn sync(&self) -> Result<(), StoreError> {
        let until = self.boots.now()?;
        if fs::stat(&self.root)?.is_none() {
            return Ok(());
        }
        fs::sync_volume(&self.root)?;
        Ok(unless_read_only(self.boots.note_synced(until))?)
    }

    /// Forgets a tree, so that it is fetched again when it is needed next.
    pub fn remove(&self, tree: &TreeDigest) -> Result<(), StoreError> {
        let grave = self.staging_folder().join(format!("removed-{tree}-{}", fs::random_name()));
        fs::create_dir_all(&self.staging_folder())?;
        match fs::rename(&self.tree_folder(tree), &grave) {
            Ok(()) => Ok(fs::remove_tree(&grave)?),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets the tree of an artifact, readable or not, so that it is fetched again when it is needed next.
    pub fn forget(&self, artifact: &Digest) -> Result<(), StoreError> {
        let record = self.record(artifact);
        if let Some(tree) = leads_to(&record) {
            self.remove(&tree)?;
        }
        // Whatever it is: nothing else is kept under this name.
        Ok(fs::remove_tree(&record)?)
    }

    /// Tells whether something lies in the place of a record that is no link to a tree, or leads to an index that is no file.
    /// `false` if nothing lies there.
    fn is_displaced(&self, record: &Path) -> Result<bool, FsError> {
        let Some(tree) = leads_to(record) else { return Ok(!matches!(fs::lstat(record), Ok(None))) };
        let index = fs::stat(&self.tree_folder(&tree).join(INDEX))?;
        Ok(index.is_some_and(|stat| stat.kind != fs::Kind::File))
    }

    /// Forgets to which tree an artifact's record leads. The tree stays: it is another artifact's.
    pub fn drop_record(&self, artifact: &Digest) -> Result<(), StoreError> {
        Ok(fs::remove_file(&self.record(artifact))?)
    }

    /// Notes in the index of a tree that it is the content of one more artifact. Two that do so take turns.
    fn add_artifact(&self, tree: &TreeDigest, name: &str) -> Result<(), StoreError> {
        let place = self.tree_folder(tree);
        // What lies there instead gives way to the tree that is put there.
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
        let Some(Ok(mut index)) = bytes.map(|bytes| Index::decode(&bytes)) else { return Ok(()) };
        if index.origin.admits(name) {
            return Ok(());
        }
        index.origin.artifacts.push(name.into());
        let bytes = index::encode(&index.digest, &index.entries, index.twins, &index.origin, index.written);
        Ok(fs::write_atomic(&path, &bytes, fs::Durability::Lazy)?)
    }

    /// Makes sure that a tree which was written in another boot is whole; forgets it where it is not.
    fn settle(&self, index: Index) -> Result<Option<Tree>, StoreError> {
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

    fn tree_of(&self, index: Index) -> Tree {
        let Index { digest, entries, twins, origin, .. } = index;
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

    fn now(&self) -> Result<Moment, FsError> {
        self.boots.now()
    }
}

/// Returns the tree that a record leads to.
fn leads_to(record: &Path) -> Option<TreeDigest> {
    fs::read_link(record).ok()?.parent()?.file_name()?.to_str()?.parse().ok()
}

/// Leaves out what only saves time, or makes room, in a store that cannot be written.
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
