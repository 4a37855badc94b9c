//! Leases: the artifacts that a current run needs, so that no collection removes them.
//!
//! ```text
//! store/v1/leases/    exists while a run has a lease, or after it was killed
//! ├── 1f0c…           a random name; locked by its run
//! └── 1f0c….list      the artifacts that the run needs, one per line: sha512/<hex>
//! ```
//!
//! The lock of the store's folder, held briefly, orders leases and removals: a lease is written before its run looks for a
//! tree, and a collection reads the leases before each removal. Nobody waits for another lock while holding it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Store, StoreError};
use crate::fs::{self, Dir, FileLock, FolderLock, FsError};
use crate::model::Digest;

/// Protects some artifacts from collections until it is dropped, or its process ends.
#[derive(Debug)]
pub struct Lease {
    /// The lock and the path of the list. `None` in a read-only store.
    lock: Option<(FileLock, PathBuf)>,
    root: PathBuf,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((lock, list)) = self.lock.take() else { return };
        // What is left here is removed by the next `Store::tidy`, which looks for the lock's file.
        if fs::remove_file(&list).is_ok() {
            let _ = lock.remove();
        }
        // The last lease removes the folder. If another process holds the lock, the next run removes it.
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
    /// Protects artifacts from collections. Must be called before they are looked up.
    pub fn lease<'d>(&self, artifacts: impl Iterator<Item = &'d Digest>) -> Result<Lease, StoreError> {
        self.check_owner()?;
        match self.take_lease(artifacts) {
            // A user who cannot write to the store cannot collect from it either.
            Err(error) if error.is_read_only() && fs::stat(&self.root)?.is_some() => {
                Ok(Lease { lock: None, root: self.root.clone() })
            }
            taken => Ok(taken?),
        }
    }

    fn take_lease<'d>(&self, artifacts: impl Iterator<Item = &'d Digest>) -> Result<Lease, FsError> {
        let text = artifacts.fold(String::new(), |text, digest| text + &record_name(digest) + "\n");
        let folder = self.leases();
        fs::create_dir_all(&self.root)?;
        let _order = self.order_leases()?;
        let lock = loop {
            fs::create_dir_all(&folder)?;
            match FileLock::try_acquire(&folder.join(fs::random_name())) {
                // If folders cannot be locked, another run may remove an empty one.
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
                // The random name is taken: try another.
                Ok(None) => {}
                Ok(Some(lock)) => break lock,
            }
        };
        let list = list_path(lock.path());
        // Nobody reads it before the lock of the folder is released.
        fs::write_new(&list, text.as_bytes(), 0o644)?;
        Ok(Lease { lock: Some((lock, list)), root: self.root.clone() })
    }

    /// Takes the lock that orders leases and removals. Returns `None` if there is no store.
    pub(super) fn order_leases(&self) -> Result<Option<Dir>, FsError> {
        let folder = match Dir::open(&self.root) {
            Ok(folder) => folder,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        folder.lock(&mut || {})?;
        Ok(Some(folder))
    }

    /// Returns whether there are leases, of current runs or killed ones.
    pub fn has_leases(&self) -> Result<bool, FsError> {
        Ok(fs::stat(&self.leases())?.is_some())
    }

    /// Removes the leases of runs that have ended, and their folder after the last one.
    pub(super) fn end_leases(&self) -> Result<(), FsError> {
        let Some(order) = self.order_leases()? else { return Ok(()) };
        for lease in self.all_leases()? {
            if let Some(ended) = FileLock::try_acquire(&lease)? {
                fs::remove_file(&list_path(&lease))?;
                ended.remove()?;
            }
        }
        order.remove_dir(LEASES)
    }

    /// Returns the artifacts that are leased.
    pub(super) fn leased(&self) -> Result<BTreeSet<String>, FsError> {
        let mut leased = BTreeSet::new();
        for lease in self.all_leases()? {
            let list = list_path(&lease);
            match (FileLock::try_acquire(&lease)?, fs::read_if_exists(&list)?) {
                (None, text) => {
                    let text = text.unwrap_or_default();
                    leased.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
                }
                // Its run has just ended. The lease of a killed run stays, for `has_leases`.
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

/// Returns the path of an artifact's record, relative to `artifacts`.
pub(super) fn record_name(artifact: &Digest) -> String {
    format!("{}/{}", artifact.algorithm().as_str(), artifact.to_hex())
}

fn list_path(lease: &Path) -> PathBuf {
    lease.with_extension("list")
}
