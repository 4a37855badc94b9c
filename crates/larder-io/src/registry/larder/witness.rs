//! What this user has seen of the logs of registries: the trees that they had, their last whole states, and the keys that were
//! believed on first use.
//!
//! ```text
//! <cache>/logs/v1/<origin>-<hash of its key>      one JSON document for each key of a log
//! <cache>/logs/v1/signers-<hash of its root>      the list of signers that was believed last, with its signature
//! <cache>/logs/tiles/                             see `known_tiles`
//! <cache>/logs/v1/first-use-<hash of the URL>     the key that a registry without a `key` line had first
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::known_tiles::KnownTiles;
use crate::fs::{self, Durability, FsError};
use crate::manifest::{Registry, RegistryUrl};
use crate::model::{Digest, LogKey};
use crate::package::log::{Checkpoint, LogFault, LogHash, LogTree, StateFreshness, StateLeaf, VerifiedState, Witness};
use crate::registry::RegistryError;

/// The folder of witnesses, below the cache.
const FOLDER: &str = "logs/v1";

/// The folder of tiles, beside it.
const TILES: &str = "tiles";

/// The largest document.
const LARGEST: u64 = 1 << 20;

/// Where a registry's witness is kept. Without a folder nothing is remembered.
#[derive(Clone, Debug, Default)]
pub(in crate::registry) struct WitnessFile {
    /// The folder of all witnesses.
    folder: Option<PathBuf>,
    /// The registry's URL.
    url: String,
}

/// What was seen of a log.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) witness: Witness,
    /// The last state that was seen whole.
    pub(super) last: Option<VerifiedState>,
}

/// Forgets what was seen of a registry's log and of its list of signers, and the key that was believed on first use.
pub fn forget_history(cache: &Path, root: &Path, registry: &Registry) -> Result<(), FsError> {
    let file = WitnessFile::of(Some(cache), root, registry);
    let keys = registry.log.keys.iter().cloned().chain(file.first_key());
    let signers = registry.log.signer_list.as_ref().and_then(|list| file.signer_list_file(&list.root));
    let paths: Vec<PathBuf> = keys.filter_map(|key| file.path(&key)).chain(file.first_use()).chain(signers).collect();
    let tiles = file.tiles(&registry.log.keys.iter().cloned().chain(file.first_key()).collect::<Vec<_>>());
    tiles.folders.iter().try_for_each(|folder| fs::remove_tree(folder))?;
    paths.iter().try_for_each(|path| fs::remove_file(path))
}

/// Returns all that was seen of logs.
pub fn export_witnesses(cache: &Path) -> Result<Vec<WitnessedLog>, FsError> {
    let folder = cache.join(FOLDER);
    let mut documents = Vec::new();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    for entry in entries.iter().filter(|entry| !fs::is_temporary(&entry.path)) {
        let bytes = fs::read_up_to(&folder.join(&entry.path), LARGEST)?.unwrap_or_default();
        documents.extend(serde_json::from_slice::<WitnessedLog>(&bytes));
    }
    Ok(documents)
}

/// Adds what somebody else has seen of logs. Returns the origins, or why the document is none, as a sentence.
///
/// # Errors
/// If it contradicts what was seen here.
pub fn import_witnesses(cache: &Path, json: &[u8]) -> Result<Result<Vec<String>, String>, RegistryError> {
    let documents: Vec<WitnessedLog> = match serde_json::from_slice(json) {
        Ok(documents) => documents,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let file = WitnessFile { folder: Some(cache.join(FOLDER)), url: String::new() };
    let mut origins = Vec::new();
    for mut document in documents {
        let Ok(key) = document.key.parse::<LogKey>() else { return Ok(Err("a key is none".to_owned())) };
        let mut trees = Witness::new(document.trees.iter().filter_map(|(size, root)| tree(*size, root)));
        if let Some(known) = file.document(&key) {
            for known in known.trees.iter().filter_map(|(size, root)| tree(*size, root)) {
                let other = trees.trees().iter().find(|tree| tree.size == known.size && tree.root != known.root);
                if let Some(other) = other {
                    let registry = LogFault::Rewritten { seen: known, now: *other };
                    return Err(RegistryError::OtherWitness { origin: key.name().to_owned(), fault: registry });
                }
                trees.add(known);
            }
            if known.trees.last() > document.trees.last() {
                document.leaf = known.leaf;
            }
        }
        document.trees = trees.trees().iter().map(|tree| (tree.size, tree.root.to_string())).collect();
        if let Some(path) = file.path(&key) {
            write(&path, &serde_json::to_vec(&document).unwrap_or_default());
        }
        origins.push(key.name().to_owned());
    }
    Ok(Ok(origins))
}

/// What was seen of the log of one key.
#[derive(Debug, Serialize, Deserialize)]
pub struct WitnessedLog {
    v: u32,
    key: String,
    trees: Vec<(u64, String)>,
    leaf: StateLeaf,
}

impl WitnessFile {
    /// Returns the list of signers that was believed last, with its signature, of those that a root key signs.
    pub(super) fn signer_list(&self, root: &str) -> Option<Vec<u8>> {
        fs::read_up_to(&self.signer_list_file(root)?, LARGEST).ok()?
    }

    /// Keeps a list of signers in place of the one that was believed before.
    pub(super) fn keep_signer_list(&self, root: &str, bytes: &[u8]) {
        if let Some(file) = self.signer_list_file(root) {
            write(&file, bytes);
        }
    }

    fn signer_list_file(&self, root: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("signers-{}", short(root))))
    }

    /// Returns the place for a registry, in a cache. Folders are relative to `root`.
    pub(in crate::registry) fn of(cache: Option<&Path>, root: &Path, registry: &Registry) -> Self {
        let url = match &registry.url {
            RegistryUrl::Folder(folder) => root.join(&**folder).display().to_string(),
            RegistryUrl::Http(url) => url.as_str().to_owned(),
        };
        Self { folder: cache.map(|cache| cache.join(FOLDER)), url }
    }

    /// Returns what was seen of the log of these keys.
    pub(super) fn read(&self, keys: &[LogKey]) -> Seen {
        let mut seen = Seen::default();
        for document in keys.iter().filter_map(|key| self.document(key)) {
            for tree in document.trees.iter().filter_map(|(size, root)| tree(*size, root)) {
                seen.witness.add(tree);
            }
            let newest = document.trees.last().and_then(|(size, root)| tree(*size, root));
            if let (Some(tree), Ok(key)) = (newest, document.key.parse::<LogKey>())
                && seen.witness.newest() == Some(tree)
            {
                let checkpoint = Checkpoint { origin: key.name().to_owned(), tree, key };
                seen.last = Some(VerifiedState { checkpoint, freshness: StateFreshness::Newest, leaf: document.leaf });
            }
        }
        seen
    }

    /// Adds a state to what was seen. What cannot be written is not remembered.
    pub(super) fn add(&self, seen: &Seen, state: &VerifiedState) {
        let key = &state.checkpoint.key;
        let Some(path) = self.path(key) else { return };
        if seen.witness.newest() == Some(state.checkpoint.tree) && seen.last.is_some() {
            return;
        }
        let mut witness = seen.witness.clone();
        witness.add(state.checkpoint.tree);
        let trees = witness.trees().iter().map(|tree| (tree.size, tree.root.to_string())).collect();
        let document = WitnessedLog { v: 1, key: key.to_string(), trees, leaf: state.leaf.clone() };
        write(&path, &serde_json::to_vec(&document).unwrap_or_default());
    }

    /// Returns the key that was believed on first use.
    pub(super) fn first_key(&self) -> Option<LogKey> {
        let bytes = fs::read_up_to(&self.first_use()?, LARGEST).ok()??;
        std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
    }

    /// Remembers the key that is believed on first use.
    pub(super) fn set_first_key(&self, key: &LogKey) {
        if let Some(path) = self.first_use() {
            write(&path, format!("{key}\n").as_bytes());
        }
    }

    fn document(&self, key: &LogKey) -> Option<WitnessedLog> {
        let bytes = fs::read_up_to(&self.path(key)?, LARGEST).ok()??;
        let document: WitnessedLog = serde_json::from_slice(&bytes).ok()?;
        (document.v == 1 && document.key == key.to_string()).then_some(document)
    }

    /// Returns the tiles that were seen of the logs of these keys.
    pub(super) fn tiles(&self, keys: &[LogKey]) -> KnownTiles {
        let all = self.folder.as_ref().and_then(|folder| folder.parent()).map(|logs| logs.join(TILES));
        KnownTiles { folders: all.iter().flat_map(|all| keys.iter().map(|key| all.join(file_name(key)))).collect() }
    }

    fn path(&self, key: &LogKey) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(file_name(key)))
    }

    fn first_use(&self) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("first-use-{}", short(&self.url))))
    }
}

/// Returns the name of what is kept of a key's log.
fn file_name(key: &LogKey) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '+' };
    let origin: String = key.name().chars().map(plain).take(100).collect();
    format!("{origin}-{}", short(&key.to_string()))
}

fn short(text: &str) -> String {
    Digest::sha256_of(text).to_hex().chars().take(16).collect()
}

fn tree(size: u64, root: &str) -> Option<LogTree> {
    Some(LogTree { size, root: LogHash::from_hex(root)? })
}

fn write(path: &Path, content: &[u8]) {
    // What is not remembered only makes the next run believe less.
    let _ = path.parent().map_or(Ok(()), fs::create_dir_all);
    let _ = fs::write_atomic(path, content, Durability::Lazy);
}
