//! A registry of private packages that is a folder on this machine, for those who write it.
//!
//! ```text
//! larder-registry.json    what makes the folder a registry
//! artifacts/ index/ tile/ heads/ checkpoint
//! incoming/               submissions of publishers who do not have the log's key
//! .lock                   who writes holds it; names the packages that a killed writer was changing
//! ```
//!
//! A transaction writes archives, index files, tiles, heads and last the checkpoint, each whole. Until the checkpoint is there,
//! nothing of it exists for a reader: longer index files are read as far as the heads say. What a killed writer left is taken back
//! by the next one.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `error` | what can be wrong with a folder |
//! | `open` | opening, creating and locking a folder; reading its log |
//! | `transaction` | events and archives that are added as one |
//! | `contents` | all packages, and what versions of them have |
//! | `copy` | what a copy of the folder lacks |
//! | `incoming` | submissions |
//! | `verify` | the check of everything |

mod contents;
mod copy;
mod error;
mod incoming;
mod open;
mod transaction;
mod verify;

pub use error::FolderError;
pub use open::{FolderRegistry, LockedFolder};
pub use transaction::Change;

#[cfg(test)]
mod tests;
