//! Why a git repository cannot be used.

use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fs::FsError;
use crate::model::Commit;

/// Why a git repository cannot be used. URLs have no passwords.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
pub enum GitError {
    /// There is no `git`.
    #[error("{url} is a git repository, and there is no `git` on PATH")]
    #[diagnostic(
        code(larder::git::no_program),
        help("install git: larder asks it, so that your own helpers and keys count")
    )]
    NoProgram {
        /// The repository.
        url: String,
    },
    /// `git` cannot be started.
    #[error("`{program}` cannot be started: {reason}")]
    #[diagnostic(code(larder::git::not_started), help("check the git that comes first on PATH"))]
    NotStarted {
        /// The program.
        program: String,
        /// The system's message.
        reason: String,
    },
    /// `--offline`, and the cache does not have it.
    #[error("offline, and {what} of {url} was not fetched before")]
    #[diagnostic(code(larder::git::offline), help("run the command once without `--offline`"))]
    Offline {
        /// The repository.
        url: String,
        /// What is missing.
        what: String,
    },
    /// `git` failed.
    #[error("git cannot fetch from {url}: {reason}")]
    #[diagnostic(
        code(larder::git::failed),
        help(
            "`git ls-remote {url}` has to work without asking anything: check the URL, the network, and your keys or credential helper"
        )
    )]
    Failed {
        /// The repository.
        url: String,
        /// What git said.
        reason: String,
    },
    /// It took too long, or too much of the disk.
    #[error("fetching from {url} was stopped: {reason}")]
    #[diagnostic(code(larder::git::stopped), help("is this the right repository?"))]
    Stopped {
        /// The repository.
        url: String,
        /// The bound.
        reason: String,
    },
    /// There is no such branch, tag or commit.
    #[error("{url} has no {what}")]
    #[diagnostic(code(larder::git::no_reference), help("`git ls-remote {url}` lists what it has"))]
    NoReference {
        /// The repository.
        url: String,
        /// What is missing: branch `main`.
        what: String,
    },
    /// The locked commit is gone.
    #[error("{url} does not have commit {commit} any more")]
    #[diagnostic(
        code(larder::git::no_commit),
        help("history was rewritten, or the branch deleted: `larder update NAME` locks what is there now")
    )]
    NoCommit {
        /// The repository.
        url: String,
        /// The commit.
        commit: Commit,
    },
    /// There is no such folder.
    #[error("commit {} of {url} has no folder `{folder}`", commit.short())]
    #[diagnostic(code(larder::git::no_folder), help("correct `subdirectory=`"))]
    NoFolder {
        /// The repository.
        url: String,
        /// The commit.
        commit: Commit,
        /// The folder.
        folder: String,
    },
    /// A file that is not allowed.
    #[error("refused commit {} of {url}: `{}` {reason}", commit.short(), path.escape_debug())]
    #[diagnostic(code(larder::git::refused), help("nothing of it was kept: tell its authors what it holds"))]
    Refused {
        /// The repository.
        url: String,
        /// The commit.
        commit: Commit,
        /// The file.
        path: String,
        /// The reason, as the end of a sentence.
        reason: String,
    },
    /// The disk.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Disk(Arc<FsError>),
}

impl From<FsError> for GitError {
    fn from(error: FsError) -> Self {
        Self::Disk(Arc::new(error))
    }
}

impl Failure for GitError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoProgram { .. } | Self::NotStarted { .. } => Exit::Machine,
            Self::Offline { .. } | Self::Failed { .. } | Self::NoReference { .. } | Self::NoCommit { .. } => {
                Exit::Network
            }
            Self::NoFolder { .. } => Exit::Manifest,
            Self::Stopped { .. } | Self::Refused { .. } => Exit::Integrity,
            Self::Disk(error) => error.exit(),
        }
    }
}
