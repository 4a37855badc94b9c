//! The archive of a private package: `schema/archive.md` is its description.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `blocks` | the blocks of an archive, for whoever writes and whoever reads one |
//! | `write` | files → an archive: the same bytes wherever and whenever it is made |
//! | `read` | an archive → files, as it arrives; nothing is taken that `write` would not have written |
//! | `choose` | which files of a folder are in it |
//! | `secrets` | which of them look like secrets |

mod blocks;
mod choose;
mod read;
mod secrets;
mod write;

use crate::model::{EntryPath, TreeDigest};

pub use blocks::{BLOCK, END, headers};
pub use choose::{IgnoreRules, MANIFEST, PackageFiles};
pub use read::{ArchiveEntry, ArchiveReader, NotAsPacked, is_plain_gzip};
pub use secrets::{Secret, find_secret};
pub use write::{gzip, write};

/// The most files of an archive.
pub const MAX_FILES: usize = 100_000;
/// The most bytes of all files of an archive, unpacked: 1 GiB.
pub const MAX_SIZE: u64 = 1 << 30;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    /// Its path in the package.
    pub path: EntryPath,
    /// Whether it may be executed.
    pub executable: bool,
    /// Its content.
    pub content: Vec<u8>,
}

/// Returns the digest of files, which must be sorted by path: that of the tree which they are in the store.
pub fn tree_digest(files: &[ArchiveFile]) -> TreeDigest {
    let entry = |file: &ArchiveFile| (file.path.as_str().to_owned(), file.executable, TreeDigest::of(&file.content));
    let entries: Vec<_> = files.iter().map(entry).collect();
    TreeDigest::of_files(entries.iter().map(|(path, executable, digest)| (path.as_str(), *executable, *digest)))
}

#[cfg(test)]
mod tests;
