//! Checkpoints: the size and the root of a log, signed. c2sp.org/tlog-checkpoint.

use super::fault::LogFault;
use super::merkle::{LogHash, LogTree};
use super::note::{LogSigner, SignedNote};
use crate::model::LogKey;

/// The most leaves of a log. Indexes of tiles and shifts of sizes stay far from their limits.
const MAX_SIZE: u64 = 1 << 48;

/// A checkpoint whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The identity of the log.
    pub origin: String,
    /// Its tree.
    pub tree: LogTree,
    /// The key that signed it.
    pub key: LogKey,
}

impl Checkpoint {
    /// Reads a checkpoint that one of these keys has signed.
    pub fn verify(bytes: &[u8], keys: &[LogKey]) -> Result<Self, LogFault> {
        let note = SignedNote::parse(bytes).map_err(|_| LogFault::NoCheckpoint)?;
        let (origin, tree) = parse(note.text).ok_or(LogFault::NoCheckpoint)?;
        let key = note.signed_by(keys).ok_or_else(|| LogFault::NotSigned {
            origin: origin.to_owned(),
            keys: keys.iter().map(ToString::to_string).collect(),
        })?;
        if key.name() != origin {
            return Err(LogFault::OtherOrigin { origin: origin.to_owned(), expected: key.name().to_owned() });
        }
        Ok(Self { origin: origin.to_owned(), tree, key: key.clone() })
    }

    /// Returns the signed checkpoint of a tree.
    pub fn sign(tree: LogTree, signer: &LogSigner) -> String {
        signer.sign(&format!("{}\n{}\n{}\n", signer.key().name(), tree.size, tree.root.to_base64()))
    }
}

/// Reads the text of a checkpoint: its origin and its tree. Lines behind them are extensions.
fn parse(text: &str) -> Option<(&str, LogTree)> {
    let mut lines = text.split('\n');
    let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let is_number = size == "0" || !size.starts_with('0') && size.bytes().all(|byte| byte.is_ascii_digit());
    let size = size.parse().ok().filter(|size| is_number && *size <= MAX_SIZE)?;
    Some((origin, LogTree { size, root: LogHash::from_base64(root)? }))
}
