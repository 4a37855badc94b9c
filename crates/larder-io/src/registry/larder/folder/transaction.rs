//! Events and archives that are added to a registry as one.

use std::collections::{BTreeMap, BTreeSet};

use super::error::FolderError;
use super::open::LockedFolder;
use crate::fs;
use crate::package::log::{Appender, CHECKPOINT, Checkpoint, Head, Heads, LogSigner, LogTree, ShardRef, StateLeaf};
use crate::package::{EventFault, IndexFile};

/// The folder of shards of heads.
const HEADS: &str = "heads";

/// The nanoseconds for which a shard stays that no state names any more: a reader may be in the middle of an older state.
const KEPT: i128 = 86_400 * 1_000_000_000;

/// What is added to one package.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The package.
    pub name: String,
    /// The lines, without line feeds.
    pub lines: Vec<String>,
    /// The archives: the file name and the content of each.
    pub archives: Vec<(String, Vec<u8>)>,
}

impl LockedFolder<'_> {
    /// Adds changes, or only a new state if there are none. Either all of it is there afterwards, or nothing. Returns
    /// the log as it is then.
    pub fn commit(&self, changes: &[Change], signer: &LogSigner, time: &str) -> Result<LogTree, FolderError> {
        let registry = self.registry;
        let state = registry.state()?;
        if signer.key() != &state.checkpoint.key {
            let (given, origin) = (signer.key().name().to_owned(), registry.description.origin.clone());
            return Err(FolderError::OtherKey { given, origin });
        }
        let shards = registry.read(|answers| state.all_shards(answers))?;
        let mut heads = Heads::new(shards.clone());
        let mut appender = registry.read(|answers| Appender::new(state.checkpoint.tree, answers))?;
        let mut indexes: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        for change in changes {
            registry.open_shard(&mut heads, &state, &change.name)?;
            let index = match indexes.remove(change.name.as_str()) {
                Some(index) => index,
                None => registry.index(&state, &change.name)?,
            };
            let index = extended(&change.name, index, &change.lines)?;
            heads.set(Head::of(&change.name, &index));
            indexes.insert(&change.name, index);
            for line in &change.lines {
                if !appender.push(line.as_bytes()) {
                    let (name, fault) = (change.name.clone(), EventFault::TooLong(line.len()));
                    return Err(FolderError::Event { name, fault });
                }
            }
        }
        let stored = heads.finish();
        if !appender.push(&StateLeaf::new(time.to_owned(), stored.depth, stored.refs).to_bytes()) {
            let (name, fault) = ("the state".to_owned(), EventFault::TooLong(usize::MAX));
            return Err(FolderError::Event { name, fault });
        }
        let (tree, tiles) = appender.finish();

        let names: Vec<&str> = indexes.keys().copied().collect();
        self.lock.set_note(names.join("\n").as_bytes())?;
        for change in changes {
            for (file, content) in &change.archives {
                registry.write(registry.artifact_file(&change.name, file), content)?;
            }
        }
        for (name, index) in &indexes {
            registry.write(registry.index_file(name), index)?;
        }
        for (path, content) in tiles.iter().chain(&stored.files) {
            registry.write(path, content)?;
        }
        registry.write(CHECKPOINT, Checkpoint::sign(tree, signer).as_bytes())?;
        self.lock.set_note(b"")?;
        self.collect(&shards)?;
        for (path, _) in tiles.iter().filter(|(path, _)| !path.contains(".p/")) {
            // A full tile stands for the partial ones before it.
            fs::remove_tree(&registry.root.join(format!("{path}.p")))?;
        }
        Ok(tree)
    }

    /// Removes shards of heads that neither the state before this one names, nor were written lately: no reader can be in the middle
    /// of a state that names them. Removes what killed writers left there, too.
    fn collect(&self, before: &[ShardRef]) -> Result<(), FolderError> {
        let folder = self.registry.root.join(HEADS);
        let names: BTreeSet<String> = before.iter().map(|one| one.sha256.to_string()).collect();
        let now = jiff::Timestamp::now().as_nanosecond();
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.is_not_found() => Vec::new(),
            entries => entries?,
        };
        for entry in entries {
            let path = folder.join(&entry.path);
            if fs::is_temporary(&entry.path) {
                fs::remove_temporary(&path)?;
            } else if entry.path.to_str().is_none_or(|name| !names.contains(name))
                && fs::stat(&path)?.is_some_and(|stat| now - i128::from(stat.mtime) > KEPT)
            {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Takes back what a killed writer added to index files. Its tiles, heads and archives are overwritten when their places are
    /// needed.
    pub(super) fn take_back(&self) -> Result<(), FolderError> {
        let note = self.lock.note()?;
        if note.is_empty() {
            return Ok(());
        }
        let registry = self.registry;
        let state = registry.state()?;
        for name in String::from_utf8_lossy(&note).lines().filter(|name| is_plain(name)) {
            let path = registry.index_file(name);
            let known = registry.index(&state, name)?;
            if known.is_empty() {
                fs::remove_file(&path)?;
            } else if fs::stat(&path)?.is_some_and(|stat| stat.size != known.len() as u64) {
                registry.write(&path, &known)?;
            }
        }
        Ok(self.lock.set_note(b"")?)
    }
}

/// Returns whether a name can be part of a path: the note of a killed writer may be cut off.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.split('/').any(|part| part.is_empty() || part == "." || part == "..")
        && !name.contains('\\')
}

/// Returns an index file with more lines. The whole makes sense.
fn extended(name: &str, mut index: Vec<u8>, lines: &[String]) -> Result<Vec<u8>, FolderError> {
    for line in lines {
        index.extend_from_slice(line.as_bytes());
        index.push(b'\n');
    }
    let parsed = IndexFile::parse(name, index).map_err(|fault| FolderError::Index { name: name.to_owned(), fault })?;
    Ok(parsed.bytes().to_vec())
}
