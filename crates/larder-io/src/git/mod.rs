//! Git repositories, through the user's own `git`: its helpers, its agent, its certificates. Trees are read object by object and
//! never checked out, so that no hook and no filter of a repository runs.
//!
//! ```text
//! <cache>/git/v1/
//! ├── tools-1c3f9a205d…/      a bare repository for each remote, shallow
//! └── tools-1c3f9a205d….lock  held while it is written to
//! ```
//!
//! | file | what it owns |
//! | --- | --- |
//! | `program` | running `git`: its environment, its bounds |
//! | `remote` | which commit a branch, a tag or a range stands for |
//! | `repository` | the repositories in the cache |
//! | `history` | how far a commit is from a tag |
//! | `tree` | the files of a commit, those of its submodules among them |
//! | `archive` | the files as a tarball that is the same everywhere |
//! | `checkout` | the repository that a project lies in |
//! | `error` | why a repository cannot be used |

mod archive;
mod checkout;
mod error;
mod history;
mod program;
mod remote;
mod repository;
mod tree;

use std::path::PathBuf;

pub use checkout::{Checkout, CheckoutError, HistoryCommit, MergedTag};
pub use error::GitError;
pub use program::GitOptions;
pub use tree::{GitFile, GitTree};

use crate::import::DescribedCommit;
use crate::model::{Commit, GitReference, GitUrl, Subdirectory};
use program::GitProgram;
use repository::Repositories;

/// Fetches from git repositories.
#[derive(Debug)]
pub struct Git {
    program: GitProgram,
    repositories: Repositories,
}

impl Git {
    /// Creates a client that keeps repositories in a folder. Nothing is started or read.
    pub fn new(options: GitOptions, folder: PathBuf) -> Self {
        Self { program: GitProgram::new(options), repositories: Repositories::new(folder) }
    }

    /// Returns the commit that a reference stands for now.
    pub fn resolve(&self, url: &GitUrl, reference: &GitReference) -> Result<Commit, GitError> {
        remote::resolve(&self.program, &self.repositories, url, reference)
    }

    /// Describes a commit by the tags that a glob matches, as `git describe` does.
    pub fn describe(&self, url: &GitUrl, commit: &Commit, pattern: &str) -> Result<DescribedCommit, GitError> {
        history::describe(&self.program, &self.repositories, url, commit, pattern)
    }

    /// Returns the files of a commit below a folder, fetched if they are not in the cache. `reference` is where the commit was
    /// found, for servers that give nothing else.
    pub fn tree(
        &self,
        url: &GitUrl,
        (commit, reference): (&Commit, &GitReference),
        subdirectory: Option<&Subdirectory>,
    ) -> Result<GitTree<'_>, GitError> {
        tree::read(&self.program, &self.repositories, url, (commit, reference), subdirectory)
    }
}
