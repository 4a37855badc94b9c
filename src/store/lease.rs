//! Leases: what a run that is under way needs, so that no collection takes it.
//!
//! ```text
//! store/v1/leases/    there while a run has something leased, or was killed while it had
//! ├── 1f0c…           locked by the run that it belongs to; a random name
//! └── 1f0c….list      the artifacts that the run needs, a line each: sha512/<hex>
//! ```
//!
//! The lock of the folder above, held for moments, orders leases and removals: a lease is written before its run looks
//! for anything, and a collection reads the leases before each removal. Nobody waits for another lock while holding it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Store, StoreError};
use crate::fs::{self, Dir, FileLock, FolderLock, FsError};
use crate::model::Digest;

/// The promise that nothing takes these artifacts out of the store. It ends when it is dropped, or with its process.
#[derive(Debug)]
pub struct Lease {
    /// The lock, with the list; none in a store that cannot be written.
    held: Option<(FileLock, PathBuf)>,
    root: PathBuf,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((lock, list)) = self.held.take() else { return };
        // What is left here is removed by the next run that tidies, which looks for the lock's file.
        if fs::remove_file(&list).is_ok() {
            let _ = lock.remove();
        }
        // The last one takes the folder along. Where somebody orders leases just now, the next run does it.
        if let Ok(order) = Dir::open(&self.root)
            && let Ok(FolderLock::Held) = order.try_lock()
        {
            let _ = order.remove_dir(LEASES);
        }
    }
}

/// The folder of the leases, below the store's.
const LEASES: &str = "leases";

impl Store {
    /// Keeps collections from taking these artifacts. To be asked for before they are looked up.
    pub fn lease<'d>(&self, artifacts: impl Iterator<Item = &'d Digest>) -> Result<Lease, StoreError> {
        self.check_owner()?;
        match self.take_lease(artifacts) {
            // What this user cannot write it cannot collect either.
            Err(error) if error.is_read_only() && fs::stat(&self.root)?.is_some() => {
                Ok(Lease { held: None, root: self.root.clone() })
            }
            taken => Ok(taken?),
        }
    }

    fn take_lease<'d>(&self, artifacts: impl Iterator<Item = &'d Digest>) -> Result<Lease, FsError> {
        let text = artifacts.fold(String::new(), |text, digest| text + &name(digest) + "\n");
        let folder = self.leases();
        fs::create_dir_all(&self.root)?;
        let _order = self.order_leases()?;
        let lock = loop {
            fs::create_dir_all(&folder)?;
            match FileLock::try_acquire(&folder.join(fs::random_name())) {
                // Where folders cannot be locked, another run may take an empty one away.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
                // Nobody else's name, but never one to wait for.
                Ok(None) => {}
                Ok(Some(lock)) => break lock,
            }
        };
        let list = list_of(lock.path());
        // Nobody reads it before the order is given up.
        fs::write_new(&list, text.as_bytes(), 0o644)?;
        Ok(Lease { held: Some((lock, list)), root: self.root.clone() })
    }

    /// Holds back new leases until it is dropped; none where there is no store.
    pub(super) fn order_leases(&self) -> Result<Option<Dir>, FsError> {
        let folder = match Dir::open(&self.root) {
            Ok(folder) => folder,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        folder.lock(&mut || {})?;
        Ok(Some(folder))
    }

    /// Tells whether a run has something leased, or was killed while it had.
    pub fn has_leases(&self) -> Result<bool, FsError> {
        Ok(fs::stat(&self.leases())?.is_some())
    }

    /// Removes the leases of runs that have ended, and their folder after the last one.
    pub(super) fn end_leases(&self) -> Result<(), FsError> {
        let Some(order) = self.order_leases()? else { return Ok(()) };
        for lease in self.all_leases()? {
            if let Some(ended) = FileLock::try_acquire(&lease)? {
                fs::remove_file(&list_of(&lease))?;
                ended.remove()?;
            }
        }
        order.remove_dir(LEASES)
    }

    /// Returns the artifacts that are leased.
    pub(super) fn leased(&self) -> Result<BTreeSet<String>, FsError> {
        let mut leased = BTreeSet::new();
        for lease in self.all_leases()? {
            let list = list_of(&lease);
            match (FileLock::try_acquire(&lease)?, fs::read_if_exists(&list)?) {
                (None, text) => {
                    let text = text.unwrap_or_default();
                    leased.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
                }
                // It ended while it was looked at. One that was killed stays, to say so.
                (Some(ended), None) => ended.remove()?,
                (Some(_), Some(_)) => {}
            }
        }
        Ok(leased)
    }

    fn all_leases(&self) -> Result<Vec<PathBuf>, FsError> {
        let found = match fs::read_dir(&self.leases()) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            found => found?,
        };
        let paths = found.iter().filter(|found| found.path.extension().is_none());
        Ok(paths.map(|found| self.leases().join(&found.path)).collect())
    }

    fn leases(&self) -> PathBuf {
        self.root.join(LEASES)
    }
}

/// Returns where an artifact's record lies below `artifacts`.
pub(super) fn name(artifact: &Digest) -> String {
    format!("{}/{}", artifact.algorithm().as_str(), artifact.to_hex())
}

fn list_of(lease: &Path) -> PathBuf {
    lease.with_extension("list")
}
