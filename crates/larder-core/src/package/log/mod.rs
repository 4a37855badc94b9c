//! A registry's log: an append-only Merkle tree of its events, whose root is signed.
//!
//! ```text
//! checkpoint            origin, size, root, signatures          (c2sp.org/tlog-checkpoint)
//! tile/0/x000.p/17      hashes of 17 leaves                     (c2sp.org/tlog-tiles)
//! tile/entries/000.p/17 the leaves: events, and a state behind the events of each publication
//! heads/<sha256>        a shard of the heads, which the state names: each name with the digest of its index file
//! ```
//!
//! A reader begins with the checkpoint and believes a file only if it is what a file says that it already believes.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `merkle` | hashes of the tree (RFC 6962) |
//! | `tile` | tiles, entry bundles and their paths |
//! | `note`, `checkpoint` | signed notes, keys; the signed size and root |
//! | `answers` | the files that a reader was answered; what it needs next |
//! | `tree` | a tree of which only size and root are believed: every other hash is checked against them |
//! | `append` | the files of a tree that grows |
//! | `heads`, `state` | the heads of all names, in shards; the leaf that names the shards |
//! | `reader` | from the files of a registry to its verified state, and to the head of a name |
//! | `fault` | what is wrong with a log |

mod answers;
mod append;
mod checkpoint;
mod fault;
mod heads;
mod merkle;
mod note;
mod reader;
mod state;
mod tile;
mod tree;

pub use answers::{Answers, ReadStop};
pub use append::Appender;
pub use checkpoint::Checkpoint;
pub use fault::LogFault;
pub use heads::{Head, Heads, ShardRef, StoredHeads, parse_shard};
pub use merkle::{LogHash, LogTree};
pub use note::{LogSigner, NoteFault};
pub use reader::{CHECKPOINT, StateFreshness, VerifiedState, Witness, find_head, read_checkpoint, read_state};
pub use state::StateLeaf;
pub use tile::{EntryBundle, entries_path, paths_between};

#[cfg(test)]
mod tests;
