//! From the files of a registry to its verified state, and from there to the head of a name. Each function runs until it lacks a
//! file, which it asks for.

use super::answers::{Answers, ReadStop};
use super::checkpoint::Checkpoint;
use super::fault::LogFault;
use super::heads::{self, Head, ShardRef};
use super::merkle::{LogHash, LogTree};
use super::state::StateLeaf;
use crate::model::LogKey;

/// The path of the checkpoint.
pub const CHECKPOINT: &str = "checkpoint";

/// What a user has seen of a log before: some of the trees that it had, from the oldest to the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    trees: Vec<LogTree>,
}

/// The most trees that are remembered. The newest stands for all before it; the others tell an older state from another history.
const REMEMBERED: usize = 64;

impl Witness {
    /// Returns the witness of these trees.
    pub fn new(trees: impl IntoIterator<Item = LogTree>) -> Self {
        let mut witness = Self::default();
        for tree in trees {
            witness.add(tree);
        }
        witness
    }

    /// Returns the trees, from the oldest to the newest.
    pub fn trees(&self) -> &[LogTree] {
        &self.trees
    }

    /// Returns the largest tree.
    pub fn newest(&self) -> Option<LogTree> {
        self.trees.last().copied()
    }

    /// Adds a tree that is consistent with the others.
    pub fn add(&mut self, tree: LogTree) {
        if let Err(at) = self.trees.binary_search_by_key(&tree.size, |known| known.size) {
            self.trees.insert(at, tree);
            let surplus = self.trees.len().saturating_sub(REMEMBERED);
            self.trees.drain(..surplus);
        }
    }
}

/// How a state relates to what was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFreshness {
    /// It is the newest that was seen, or newer.
    Newest,
    /// A newer state, of this number of events, was seen before.
    Older {
        /// The number of events of the newest state that was seen.
        newest: u64,
    },
}

/// A state of a registry that its log's key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedState {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// How it relates to what was seen before.
    pub freshness: StateFreshness,
    /// The state leaf.
    pub leaf: StateLeaf,
}

/// Reads the checkpoint, which one of the keys has signed.
pub fn read_checkpoint(keys: &[LogKey], answers: &Answers) -> Result<Checkpoint, ReadStop> {
    Ok(Checkpoint::verify(answers.file(CHECKPOINT)?, keys)?)
}

/// Reads the state of a registry. It is consistent with what was seen before.
pub fn read_state(keys: &[LogKey], seen: &Witness, answers: &Answers) -> Result<VerifiedState, ReadStop> {
    let checkpoint = read_checkpoint(keys, answers)?;
    let tree = checkpoint.tree;
    let last = tree.size.checked_sub(1).ok_or(LogFault::NoCheckpoint)?;
    let (freshness, leaf) = ReadStop::both(freshness(tree, seen, answers), tree.leaf(last, answers))?;
    let unreadable = |reason| LogFault::Unreadable { path: "the state leaf".to_owned(), reason };
    let leaf = StateLeaf::parse(&leaf).map_err(unreadable)?;
    if leaf.depth > heads::MAX_DEPTH {
        return Err(unreadable(format!("its shards lie {} lists deep", leaf.depth)).into());
    }
    Ok(VerifiedState { checkpoint, freshness, leaf })
}

fn freshness(tree: LogTree, seen: &Witness, answers: &Answers) -> Result<StateFreshness, ReadStop> {
    let Some(newest) = seen.newest() else { return Ok(StateFreshness::Newest) };
    if newest.size <= tree.size {
        return tree.begins_with(newest, answers).map(|()| StateFreshness::Newest);
    }
    let older = StateFreshness::Older { newest: newest.size };
    match seen.trees().iter().find(|known| known.size >= tree.size) {
        Some(known) if known.size == tree.size => {
            if known.root == tree.root {
                Ok(older)
            } else {
                Err(LogFault::Rewritten { seen: *known, now: tree }.into())
            }
        }
        // A tree that was seen has to begin with this one.
        Some(known) => match known.begins_with(tree, answers) {
            Ok(()) => Ok(older),
            Err(ReadStop::Fault(LogFault::Rewritten { .. })) => {
                Err(LogFault::Rewritten { seen: *known, now: tree }.into())
            }
            Err(need) => Err(need),
        },
        None => Ok(older),
    }
}

/// Finds the head of a name in a state. Returns `None` if the registry does not have the name.
pub fn find_head(state: &StateLeaf, name: &str, answers: &Answers) -> Result<Option<Head>, ReadStop> {
    let Some(shard) = find_shard(state, name, answers)? else { return Ok(None) };
    Ok(read_shard(&shard, answers)?.into_iter().find(|head| head.name == name))
}

/// Finds the shard that a name lies in, if it lies in any.
fn find_shard(state: &StateLeaf, name: &str, answers: &Answers) -> Result<Option<ShardRef>, ReadStop> {
    let mut found = ShardRef::find(&state.heads, name).cloned();
    for _ in 0..state.depth {
        let Some(list) = found else { return Ok(None) };
        found = ShardRef::find(&read_list(&list, answers)?, name).cloned();
    }
    Ok(found)
}

fn read_shard(shard: &ShardRef, answers: &Answers) -> Result<Vec<Head>, ReadStop> {
    let heads = heads::parse_shard(checked(shard, answers)?);
    Ok(heads.map_err(|reason| LogFault::Unreadable { path: shard.path(), reason })?)
}

fn read_list(list: &ShardRef, answers: &Answers) -> Result<Vec<ShardRef>, ReadStop> {
    let refs = heads::parse_list(checked(list, answers)?);
    Ok(refs.map_err(|reason| LogFault::Unreadable { path: list.path(), reason })?)
}

/// Returns the content of a shard, which has its digest.
fn checked<'a>(shard: &ShardRef, answers: &'a Answers) -> Result<&'a [u8], ReadStop> {
    let content = answers.file(&shard.path())?;
    if LogHash::of_file(content) == shard.sha256 {
        Ok(content)
    } else {
        Err(LogFault::Forged { path: shard.path() }.into())
    }
}

impl VerifiedState {
    /// Returns all shards.
    pub fn all_shards(&self, answers: &Answers) -> Result<Vec<ShardRef>, ReadStop> {
        let mut shards = self.leaf.heads.clone();
        for _ in 0..self.leaf.depth {
            shards = ReadStop::all(shards.iter().map(|list| read_list(list, answers)))?.concat();
        }
        Ok(shards)
    }

    /// Returns the heads of a shard.
    pub fn heads_of(&self, shard: &ShardRef, answers: &Answers) -> Result<Vec<Head>, ReadStop> {
        read_shard(shard, answers)
    }
}

impl Head {
    /// Checks an index file. It may be longer than this head says: what comes after does not exist yet, and is cut off.
    pub fn check(&self, mut index: Vec<u8>) -> Result<Vec<u8>, LogFault> {
        if (index.len() as u64) < self.bytes {
            return Err(LogFault::Withheld {
                name: self.name.clone(),
                bytes: index.len() as u64,
                expected: self.bytes,
            });
        }
        index.truncate(usize::try_from(self.bytes).unwrap_or(usize::MAX));
        let found = LogHash::of_file(&index);
        if found == self.digest {
            Ok(index)
        } else {
            Err(LogFault::Altered { name: self.name.clone(), found, expected: self.digest })
        }
    }
}
