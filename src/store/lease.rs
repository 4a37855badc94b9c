//! Leases: what a run that is under way needs, so that no collection takes it.
//!
//! ```text
//! store/v1/leases/
//! ├── 4711-0          locked by the run that it belongs to
//! └── 4711-0.list     the artifacts that the run needs, a line each: sha512/<hex>
//! ```
//!
//! The folder's own lock, held for moments, orders leases and removals: a lease is written before its run looks for
//! anything, and a collection reads the leases before each removal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Store, StoreError};
use crate::fs::{self, Dir, FileLock, FsError};
use crate::model::Digest;

/// The promise that nothing takes these artifacts out of the store. It ends when it is dropped, or with its process.
#[derive(Debug)]
pub struct Lease {
    lock: Option<FileLock>,
    list: PathBuf,
}

impl Drop for Lease {
    fn drop(&mut self) {
        // What is left here is removed by the next lease or collection, which looks for the lock's file.
        if fs::remove_file(&self.list).is_ok() {
            let _ = self.lock.take().map(FileLock::remove);
        }
    }
}

impl Store {
    /// Keeps collections from taking these artifacts. To be asked for before they are looked up.
    pub fn lease<'d>(&self, artifacts: impl Iterator<Item = &'d Digest>) -> Result<Lease, StoreError> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let text = artifacts.fold(String::new(), |text, digest| text + &name(digest) + "\n");
        let folder = self.leases();
        fs::create_dir_all(&folder)?;
        let _order = self.order_leases()?;
        // Takes away the leases of runs that were killed.
        self.leased()?;
        let path = folder.join(format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
        let lock = FileLock::acquire(&path, || {})?;
        let list = list_of(&path);
        // Nobody reads it before the order is given up; an older one is of a process of the same number.
        fs::remove_file(&list)?;
        fs::write_new(&list, text.as_bytes(), 0o644)?;
        Ok(Lease { lock: Some(lock), list })
    }

    /// Holds back new leases until it is dropped; none where there never was a lease.
    pub(super) fn order_leases(&self) -> Result<Option<Dir>, FsError> {
        let folder = match Dir::open(&self.leases()) {
            Ok(folder) => folder,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        folder.lock(&mut || {})?;
        Ok(Some(folder))
    }

    /// Tells whether a run has something leased, or was killed while it had.
    pub fn has_leases(&self) -> Result<bool, StoreError> {
        match fs::names(&self.leases()) {
            Err(error) if error.is_not_found() => Ok(false),
            names => Ok(!names?.is_empty()),
        }
    }

    /// Returns the artifacts that are leased, and removes the leases of runs that have ended.
    pub(super) fn leased(&self) -> Result<BTreeSet<String>, FsError> {
        let mut leased = BTreeSet::new();
        let found = match fs::read_dir(&self.leases()) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(leased),
            Err(error) => return Err(error),
        };
        for found in found.iter().filter(|found| found.path.extension().is_none()) {
            let path = self.leases().join(&found.path);
            let list = list_of(&path);
            if let Some(ended) = FileLock::try_acquire(&path)? {
                fs::remove_file(&list)?;
                ended.remove()?;
            } else if let Some(text) = fs::read_if_exists(&list)? {
                leased.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
            }
        }
        Ok(leased)
    }

    fn leases(&self) -> PathBuf {
        self.root.join("leases")
    }
}

/// Returns where an artifact's record lies below `artifacts`.
pub(super) fn name(artifact: &Digest) -> String {
    format!("{}/{}", artifact.algorithm().as_str(), artifact.to_hex())
}

fn list_of(lease: &Path) -> PathBuf {
    lease.with_extension("list")
}
