//! A part of a registry in a folder, which is believed like the whole: index files as they are, the original checkpoint, the state,
//! shards of heads, and the tiles that lead from what was seen before to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::log::RegistryLog;
use super::reading::SharedFailure;
use super::{reading, signer_list};
use crate::fs::{self, Durability, FsError};
use crate::package::log::{CHECKPOINT, Head, LogHash, LogTree, find_head, read_state};
use crate::package::{IndexFile, REGISTRY_FILE, index_path};
use crate::registry::client::RegistryClient;
use crate::registry::mirror_folder::{MirrorFolder, MirroredPackage};
use crate::registry::once::lock;

/// The file in which a mirror remembers the trees that it had: a reader that saw one of them is shown that the present tree begins
/// with it. `[[17, "<hash of the root>"], …]`
const EARLIER: &str = "earlier-trees.json";

/// The largest file that is compared with a new one.
const LARGEST: u64 = 64 << 20;

/// The files of a registry, by their paths below it.
type RegistryFiles = BTreeMap<String, Vec<u8>>;

/// Writes what stands for these packages. Returns how many files were new.
pub(super) fn describe(
    log: &RegistryLog,
    client: &RegistryClient,
    packages: &[MirroredPackage],
    folder: &Path,
) -> Result<usize, SharedFailure> {
    let earlier = earlier_trees(folder).map_err(failed)?;
    let (tree, mut files, indexes) = read(log, client, packages, &earlier)?;
    let checkpoint = files.remove(CHECKPOINT).unwrap_or_default();
    let description = reading::description(client)?.part();
    let mut trees: Vec<(u64, String)> = earlier.iter().map(|tree| (tree.size, tree.root.to_string())).collect();
    if !earlier.contains(&tree) {
        trees.push((tree.size, tree.root.to_string()));
    }
    let trees = serde_json::to_vec(&trees).unwrap_or_default();

    // As a publication does it: a reader of an older checkpoint finds what belongs to it at any time.
    let indexes = indexes
        .into_iter()
        .map(|(head, content)| (format!("{}{}", description.index, index_path(&head.name)), content));
    let last = [(CHECKPOINT.to_owned(), checkpoint), (REGISTRY_FILE.to_owned(), description.to_text().into_bytes())];
    let signers = signer_files(log, client)?;
    let in_order = signers.into_iter().chain(indexes).chain(files).chain([(EARLIER.to_owned(), trees)]).chain(last);
    let mut new = 0;
    for (path, content) in in_order {
        let place = MirrorFolder::below(folder, &path).map_err(|error| Arc::new(error) as SharedFailure)?;
        new += usize::from(write(&place, &content).map_err(failed)?);
    }
    Ok(new)
}

/// Reads the registry as a reader does who has seen nothing, and as those do who have seen an earlier tree. Returns the tree, what
/// was read of the log, and the index files.
#[allow(clippy::type_complexity, reason = "three results of one pass")]
fn read(
    log: &RegistryLog,
    client: &RegistryClient,
    packages: &[MirroredPackage],
    earlier: &[LogTree],
) -> Result<(LogTree, RegistryFiles, Vec<(Head, Vec<u8>)>), SharedFailure> {
    let opened = log.open(client)?;
    let seen = log.seen(&opened);
    let trees: Vec<LogTree> = earlier.iter().chain(seen.witness.trees()).copied().collect();
    let keys = [opened.state.checkpoint.key.clone()];
    let files = Mutex::new(RegistryFiles::new());
    let heads = reading::until_whole(|past_caches| {
        lock(&files).clear();
        let fetch = |path: &str| {
            let content = reading::shard_or_file(client, path, past_caches)?;
            if let Some(content) = &content {
                lock(&files).insert(path.to_owned(), content.clone());
            }
            Ok(content)
        };
        let state = match reading::drive(fetch, |answers| read_state(&keys, &seen.witness, answers))? {
            Ok(state) => state,
            Err(fault) => return Ok(Err(fault)),
        };
        let tree = state.checkpoint.tree;
        for earlier in trees.iter().filter(|earlier| earlier.size <= tree.size) {
            if let Err(fault) = reading::drive(fetch, |answers| tree.begins_with(*earlier, answers))? {
                return Ok(Err(fault));
            }
        }
        let mut heads = Vec::new();
        for package in packages {
            match reading::drive(fetch, |answers| find_head(&state.leaf, package.name.as_str(), answers))? {
                Ok(head) => heads.extend(head),
                Err(fault) => return Ok(Err(fault)),
            }
        }
        Ok(Ok((tree, heads)))
    })?;
    let (tree, heads) = heads.map_err(|fault| reading::failed(client, fault))?;
    let mut indexes = Vec::new();
    for head in heads {
        let path = format!("{}{}", opened.description.index, index_path(&head.name));
        let content = RegistryLog::index(client, &head, &path)?;
        indexes.push((head, content));
    }
    if log.signers(client)?.iter().any(|signer| signer.until.is_some()) {
        let places: BTreeSet<u64> = indexes
            .iter()
            .flat_map(|(head, content)| places(head, content))
            .filter(|place| *place < tree.size)
            .collect();
        let leaves = reading::until_whole(|past_caches| {
            let fetch = |path: &str| {
                let content = reading::fetch(client, path, past_caches)?;
                if let Some(content) = &content {
                    lock(&files).insert(path.to_owned(), content.clone());
                }
                Ok(content)
            };
            for place in &places {
                if let Err(fault) = reading::drive(fetch, |answers| tree.leaf(*place, answers))? {
                    return Ok(Err(fault));
                }
            }
            Ok(Ok(()))
        })?;
        leaves.map_err(|fault| reading::failed(client, fault))?;
    }
    Ok((tree, files.into_inner().unwrap_or_default(), indexes))
}

/// Returns where in the log the versions of an index file say that they are.
fn places(head: &Head, index: &[u8]) -> Vec<u64> {
    let parsed = IndexFile::parse(&head.name, index.to_vec()).ok();
    let published = parsed.iter().flat_map(IndexFile::versions);
    published.filter_map(|published| published.deposit.as_ref()?.index).collect()
}

/// Returns the list of signers that the manifest names, with its signature.
fn signer_files(log: &RegistryLog, client: &RegistryClient) -> Result<Vec<(String, Vec<u8>)>, SharedFailure> {
    let mut files = Vec::new();
    for path in log.signer_list().into_iter().flat_map(signer_list::paths) {
        files.extend(reading::fetch(client, &path, true)?.map(|content| (path, content)));
    }
    Ok(files)
}

/// Returns the trees that the mirror had.
fn earlier_trees(folder: &Path) -> Result<Vec<LogTree>, FsError> {
    let bytes = fs::read_up_to(&folder.join(EARLIER), LARGEST)?.unwrap_or_default();
    let trees: Vec<(u64, String)> = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(trees.into_iter().filter_map(|(size, root)| Some(LogTree { size, root: LogHash::from_hex(&root)? })).collect())
}

/// Writes a file that is not there yet, or otherwise. Returns whether it was written.
fn write(place: &Path, content: &[u8]) -> Result<bool, FsError> {
    if fs::read_up_to(place, LARGEST)?.is_some_and(|there| there == content) {
        return Ok(false);
    }
    place.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write_atomic(place, content, Durability::Lazy)?;
    Ok(true)
}

fn failed(error: FsError) -> SharedFailure {
    Arc::new(error)
}
