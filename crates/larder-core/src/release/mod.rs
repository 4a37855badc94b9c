//! Releases: which version follows from the commits since the last one, and what is written about it.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `commit` | a commit's message → the changes that it tells of (Conventional Commits 1.0) |
//! | `revert` | which commits a message reverts |
//! | `history` | the changes that count: without merges and what was reverted |
//! | `version` | the next version; pre-releases |
//! | `tag` | the names of tags, and the last release among them |
//! | `changelog` | the section of a release, and where it goes in `CHANGELOG.md` |
//! | `version_text` | the version in `package.json` and `pyproject.toml`, whose text stays otherwise |

mod changelog;
mod commit;
mod history;
mod revert;
mod tag;
mod version;
mod version_text;

pub use changelog::{insert_section, section};
pub use commit::{ChangeKind, CommitChange, MessageCommit};
pub use history::{CommitHistory, read_history};
pub use tag::{TagNames, last_release};
pub use version::{Bump, next_version, prerelease, pypi_version};
pub use version_text::{VersionTextError, set_package_json_version, set_pyproject_version};

#[cfg(test)]
mod tests;
