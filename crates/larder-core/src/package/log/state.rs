//! The state leaf: the last leaf under each checkpoint, which names the shards of the heads.
//!
//! ```text
//! {"v":1,"type":"state","time":"2026-11-26T12:00:00Z","depth":0,"heads":[{"from":"billing","sha256":"…"},…]}
//! ```

use serde::{Deserialize, Serialize};

use super::heads::ShardRef;

/// The version of the format.
const FORMAT: u32 = 1;

/// The type of the leaf, by which it differs from events.
const KIND: &str = "state";

/// The state of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateLeaf {
    v: u32,
    #[serde(rename = "type")]
    kind: String,
    /// The time at which it was written, as RFC 3339 has it.
    pub time: String,
    /// How many lists of shards lie between this leaf and the shards of heads.
    #[serde(default)]
    pub depth: u8,
    /// The shards, or the lists of shards, sorted by their first names.
    pub heads: Vec<ShardRef>,
}

impl StateLeaf {
    /// Makes the leaf of these shards.
    pub fn new(time: String, depth: u8, heads: Vec<ShardRef>) -> Self {
        Self { v: FORMAT, kind: KIND.to_owned(), time, depth, heads }
    }

    /// Reads a leaf.
    pub fn parse(leaf: &[u8]) -> Result<Self, String> {
        let state: Self = serde_json::from_slice(leaf).map_err(|error| error.to_string())?;
        if state.v != FORMAT || state.kind != KIND {
            return Err(format!("the last leaf is no `state` of format {FORMAT}"));
        }
        Ok(state)
    }

    /// Returns whether a leaf is a state, and no event of a package.
    pub fn is_state(leaf: &[u8]) -> bool {
        Self::parse(leaf).is_ok()
    }

    /// Returns the bytes of the leaf.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
