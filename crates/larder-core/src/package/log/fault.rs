//! What is wrong with a log.

use super::merkle::{LogHash, LogTree};

/// A log that cannot be believed, or not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// The checkpoint is no checkpoint.
    #[error("its `checkpoint` is no signed checkpoint")]
    NoCheckpoint,
    /// None of the known keys signed the checkpoint.
    #[error("its checkpoint for `{origin}` is not signed by {}", keys.join(" or "))]
    NotSigned {
        /// The origin that the checkpoint states.
        origin: String,
        /// The keys that would do.
        keys: Vec<String>,
    },
    /// The checkpoint is that of another log.
    #[error("its checkpoint is of the log `{origin}`, and that of `{expected}` was expected")]
    OtherOrigin {
        /// The origin that the checkpoint states.
        origin: String,
        /// The origin that belongs to the key.
        expected: String,
    },
    /// The log does not contain what was seen of it before.
    #[error(
        "its history is not the one seen before: {} events had the root {}, and now the log of {} events with the root {} does \
         not begin with them", seen.size, seen.root, now.size, now.root
    )]
    Rewritten {
        /// What was seen before.
        seen: LogTree,
        /// What the registry shows now.
        now: LogTree,
    },
    /// A file is not what a file above it says.
    #[error("`{path}` is not what the signed checkpoint stands for")]
    Forged {
        /// The path of the file.
        path: String,
    },
    /// A file has the hash that is expected, but makes no sense: the registry's owner signed it.
    #[error("`{path}` is signed, but cannot be read: {reason}")]
    Unreadable {
        /// The path of the file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that the checkpoint stands for is not there.
    #[error("`{path}` is missing")]
    Missing {
        /// The path of the file.
        path: String,
    },
    /// An index file has fewer bytes than the log says.
    #[error("the index file of `{name}` has {bytes} bytes, and the log says {expected}")]
    Withheld {
        /// The package.
        name: String,
        /// The bytes that came.
        bytes: u64,
        /// The bytes that the log knows of.
        expected: u64,
    },
    /// An index file is not the one that the log stands for.
    #[error("the index file of `{name}` has the digest {found}, and the log says {expected}")]
    Altered {
        /// The package.
        name: String,
        /// The digest of what came, cut to the length that the log knows.
        found: LogHash,
        /// The digest that the log knows.
        expected: LogHash,
    },
}

impl LogFault {
    /// Returns whether the registry may be in the middle of a publication, or caches serve files of different ages: the same
    /// question may be answered well a little later.
    pub fn is_between_states(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::Withheld { .. } | Self::NoCheckpoint)
    }
}
