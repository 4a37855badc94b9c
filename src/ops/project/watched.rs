//! The files and folders that a project is read from, each as it stood before it was read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use crate::fs::{self, FsError, Stat};
use crate::registry::path::PathKind;

/// Files and folders whose change may change what a project asks for. One that is saved while the project is read, or
/// later, is seen to differ.
#[derive(Clone, Debug, Default)]
pub(in crate::ops) struct Watched(BTreeMap<PathBuf, Option<Stat>>);

impl Watched {
    /// Notes how a file or folder stands; to be called before it is read. What was noted first counts.
    pub(in crate::ops) fn note(&mut self, path: PathBuf) -> Result<(), FsError> {
        if let Entry::Vacant(free) = self.0.entry(path) {
            let stat = fs::stat(free.key())?;
            free.insert(stat);
        }
        Ok(())
    }

    /// Notes how a file or folder stood before it was read.
    pub(in crate::ops) fn note_as(&mut self, path: PathBuf, stood: Option<Stat>) {
        self.0.entry(path).or_insert(stood);
    }

    /// Notes the manifests of all kinds that a member or a local package may have.
    pub(in crate::ops) fn note_manifests(&mut self, folder: &Path) -> Result<(), FsError> {
        PathKind::ALL.into_iter().try_for_each(|kind| self.note(folder.join(kind.file())))
    }

    /// Adds what others noted; what `self` noted first counts.
    pub(in crate::ops) fn add(&mut self, others: Self) {
        others.0.into_iter().for_each(|(path, stood)| self.note_as(path, stood));
    }

    /// Returns the files and folders, each with how it stood; `None` where there was none.
    pub(in crate::ops) fn iter(&self) -> impl Iterator<Item = (&Path, Option<&Stat>)> {
        self.0.iter().map(|(path, stat)| (path.as_path(), stat.as_ref()))
    }
}
