//! A patch, applied to a package's files.

use std::collections::BTreeMap;

use super::parse::FileDiff;
use super::{PackagePatch, PatchError};

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is written.
    Write(PatchedFile),
    /// It is removed.
    Remove,
}

/// A file that a patch writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchedFile {
    /// Its content.
    pub content: Vec<u8>,
    /// Whether it may be executed.
    pub executable: bool,
}

impl PackagePatch<'_> {
    /// Returns what becomes of the files that the patch changes, by path. `read` returns a file of the package, or `None` if there
    /// is none; the order of the changes does not matter, as each reads the package as it was.
    pub fn apply<E: From<PatchError>>(
        &self,
        mut read: impl FnMut(&str) -> Result<Option<PatchedFile>, E>,
    ) -> Result<BTreeMap<String, Change>, E> {
        let mut changes = BTreeMap::new();
        for file in &self.files {
            let before = file.from.as_deref().map(&mut read).transpose()?.flatten();
            if let (Some(path), None) = (&file.from, &before) {
                return Err(PatchError::Missing { path: path.clone() }.into());
            }
            if let Some(path) = file.to.as_ref().filter(|to| file.from.as_ref() != Some(to)) {
                let is_removed = self.files.iter().any(|other| other.removes && other.from.as_ref() == Some(path));
                if !is_removed && read(path)?.is_some() {
                    return Err(PatchError::Occupied { path: path.clone() }.into());
                }
            }
            let after = file.patched(before.as_ref())?;
            if let Some(from) = file.from.as_ref().filter(|_| file.removes) {
                changes.entry(from.clone()).or_insert(Change::Remove);
            }
            if let (Some(to), Some(after)) = (&file.to, after) {
                changes.insert(to.clone(), Change::Write(after));
            }
        }
        Ok(changes)
    }
}

impl FileDiff<'_> {
    /// Returns the file as it is afterwards; `None` if it is removed.
    fn patched(&self, before: Option<&PatchedFile>) -> Result<Option<PatchedFile>, PatchError> {
        let Some(path) = self.to.clone() else { return Ok(None) };
        let old = before.map(|file| &*file.content).unwrap_or_default();
        let content = if self.hunks.hunks().is_empty() {
            old.to_vec()
        } else {
            diffy::apply_bytes(old, &self.hunks)
                .map_err(|error| PatchError::Mismatch { path, reason: error.to_string() })?
        };
        let executable = self.executable.or_else(|| before.map(|file| file.executable)).unwrap_or(false);
        Ok(Some(PatchedFile { content, executable }))
    }
}
