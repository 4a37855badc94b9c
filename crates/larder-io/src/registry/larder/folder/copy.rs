//! What a copy of a registry lacks, in the order in which a reader of the copy may see it arrive.

use std::collections::BTreeSet;

use super::error::FolderError;
use super::open::LockedFolder;
use crate::fs::{self, Kind};
use crate::model::EntryPath;
use crate::package::log::{CHECKPOINT, Checkpoint, LogTree, ShardRef, StateLeaf, VerifiedState, paths_between};
use crate::package::{EventKind, PackageEvent, REGISTRY_FILE, index_path};

/// The folders of the log's files.
const LOG: [&str; 2] = ["tile", "heads"];

impl LockedFolder<'_> {
    /// Returns the paths of the files that a copy lacks whose checkpoint is this: archives, index files, tiles, heads, the
    /// checkpoint, and last the description. A copy without a checkpoint lacks all of them.
    ///
    /// # Errors
    /// If the copy is no older state of this registry.
    pub fn files_after(&self, checkpoint: Option<&[u8]>) -> Result<Vec<String>, FolderError> {
        let state = self.registry.state()?;
        let tree = state.checkpoint.tree;
        let Some(bytes) = checkpoint else {
            let folders = [&*self.registry.description.artifacts, &*self.registry.description.index];
            let mut files = Vec::new();
            for folder in folders.into_iter().chain(LOG) {
                files.extend(self.files_below(folder.trim_end_matches('/'))?);
            }
            files.extend(self.signed_lists()?);
            files.extend([CHECKPOINT.to_owned(), REGISTRY_FILE.to_owned()]);
            return Ok(files);
        };
        let no_copy = |fault| FolderError::NoCopy { root: self.registry.root.clone(), fault };
        let copied = Checkpoint::verify(bytes, &self.registry.keys).map_err(no_copy)?.tree;
        if copied.size > tree.size {
            let (root, size) = (self.registry.root.clone(), tree.size);
            return Err(FolderError::CopyIsNewer { root, size, copied: copied.size });
        }
        self.registry.read(|answers| tree.begins_with(copied, answers)).map_err(|error| match error {
            FolderError::Log { fault, .. } => no_copy(fault),
            other => other,
        })?;
        let mut files = if copied.size == tree.size { Vec::new() } else { self.files_between(&state, copied)? };
        files.extend(self.signed_lists()?);
        files.push(CHECKPOINT.to_owned());
        Ok(files)
    }

    /// Returns what was added since an older tree.
    fn files_between(&self, state: &VerifiedState, copied: LogTree) -> Result<Vec<String>, FolderError> {
        let (registry, tree) = (self.registry, state.checkpoint.tree);
        let (mut archives, mut indexes) = (BTreeSet::new(), BTreeSet::new());
        for index in copied.size..tree.size {
            let leaf = registry.read(|answers| tree.leaf(index, answers))?;
            let event = std::str::from_utf8(&leaf).ok().and_then(|line| PackageEvent::parse(line).ok());
            let Some(event) = event.filter(|_| !StateLeaf::is_state(&leaf)) else { continue };
            if let EventKind::Publish { deposit, .. } = &event.kind {
                archives.insert(format!("{}{}/{}", registry.description.artifacts, event.name, deposit.artifact));
            }
            indexes.insert(format!("{}{}", registry.description.index, index_path(&event.name)));
        }
        // A registry that was copied from elsewhere may name anything.
        if let Some(path) = archives.iter().chain(&indexes).find(|path| EntryPath::parse(path).is_err()) {
            let (path, reason) = (registry.root.join(path), "it lies outside of the registry".to_owned());
            return Err(FolderError::Description { path, reason });
        }
        // The shards that the copy's state names are there. Those of long lists of shards are copied again.
        let last =
            copied.size.checked_sub(1).map(|last| registry.read(|answers| tree.leaf(last, answers))).transpose()?;
        let before = last.and_then(|leaf| StateLeaf::parse(&leaf).ok()).filter(|leaf| leaf.depth == 0);
        let known: BTreeSet<String> = before.iter().flat_map(|leaf| &leaf.heads).map(ShardRef::path).collect();
        let heads = self.files_below(LOG[1])?.into_iter().filter(|path| !known.contains(path));
        let log = paths_between(copied.size, tree.size);
        Ok(archives.into_iter().chain(indexes).chain(log).chain(heads).collect())
    }

    /// Returns the files in a folder of the registry and below it.
    fn files_below(&self, folder: &str) -> Result<Vec<String>, FolderError> {
        let found = match fs::walk(&self.registry.root.join(folder), |_| true) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            found => found?,
        };
        let files = found.iter().filter(|entry| entry.kind == Kind::File && !fs::is_temporary(&entry.path));
        Ok(files.filter_map(|entry| Some(format!("{folder}/{}", entry.path.to_str()?))).collect())
    }

    /// Returns the lists of signers beside the checkpoint: what has a signature there, and that. Whatever else lies there was not made
    /// to be served.
    fn signed_lists(&self) -> Result<Vec<String>, FolderError> {
        let entries = fs::read_dir(&self.registry.root)?;
        let files = entries.iter().filter(|entry| entry.kind == Kind::File).filter_map(|entry| entry.path.to_str());
        let names: BTreeSet<&str> = files.collect();
        let signed = names.iter().filter(|name| names.contains(format!("{name}.minisig").as_str()));
        Ok(signed.flat_map(|name| [(*name).to_owned(), format!("{name}.minisig")]).collect())
    }
}
