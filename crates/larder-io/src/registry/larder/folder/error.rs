//! What can be wrong with a registry in a folder.

use std::path::PathBuf;

use crate::diagnostic::{Exit, Failure};
use crate::fs::FsError;
use crate::package::log::LogFault;
use crate::package::{EventFault, IndexFault};

/// A registry in a folder that cannot be read or written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum FolderError {
    /// The folder is no registry.
    #[error("`{}` is no registry of private packages: it has no larder-registry.json", .0.display())]
    #[diagnostic(code(larder::registry::no_registry), help("make one with `larder registry init {}`", .0.display()))]
    NoRegistry(PathBuf),
    /// The folder is a registry already, or has something else in it.
    #[error("`{}` is not empty", .0.display())]
    #[diagnostic(code(larder::registry::not_empty), help("make the registry in a new folder"))]
    NotEmpty(PathBuf),
    /// The description cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    #[diagnostic(code(larder::registry::bad_file))]
    Description {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The registry is a part of another one.
    #[error("`{}` is a part of another registry, into which nothing is published", .0.display())]
    #[diagnostic(code(larder::registry::subset), help("publish to the registry that it was copied from"))]
    Subset(PathBuf),
    /// A copy has more than what would be copied.
    #[error("the copy has {copied} entries in its log, and is newer than `{}`, which has {size}", root.display())]
    #[diagnostic(
        code(larder::registry::copy_is_newer),
        help("copy in the other direction: who publishes does so in one place")
    )]
    CopyIsNewer {
        /// The registry.
        root: PathBuf,
        /// The size of its log.
        size: u64,
        /// The size of the copy's log.
        copied: u64,
    },
    /// A copy is none.
    #[error("what is there already is no older state of `{}`: {fault}", root.display())]
    #[diagnostic(
        code(larder::registry::no_copy),
        help("nothing was copied. It is another registry, or has gone on by itself: copy into a folder of its own")
    )]
    NoCopy {
        /// The registry.
        root: PathBuf,
        /// What speaks against it.
        fault: LogFault,
    },
    /// The key is that of another log.
    #[error("the key of `{given}` cannot sign the log of `{origin}`")]
    #[diagnostic(
        code(larder::registry::other_key),
        help("use the key that `larder registry init` made for `{origin}`")
    )]
    OtherKey {
        /// The name of the key.
        given: String,
        /// The registry's origin.
        origin: String,
    },
    /// The log cannot be believed.
    #[error("the log of `{}` is damaged: {fault}", root.display())]
    #[diagnostic(
        code(larder::registry::damaged_log),
        help("nothing was written. `larder registry verify` shows what else is wrong; restore the folder from a copy")
    )]
    Log {
        /// The registry.
        root: PathBuf,
        /// What is wrong.
        fault: LogFault,
    },
    /// An index file contradicts itself, or would.
    #[error("the index file of `{name}` cannot be: {fault}")]
    #[diagnostic(code(larder::registry::bad_index))]
    Index {
        /// The package.
        name: String,
        /// What is wrong.
        fault: IndexFault,
    },
    /// An event cannot be written.
    #[error("the event of `{name}` cannot be written: {fault}")]
    #[diagnostic(code(larder::registry::bad_event))]
    Event {
        /// The package.
        name: String,
        /// What is wrong.
        fault: EventFault,
    },
    /// A name is too near to one that is there.
    #[error("`{name}` differs from `{known}`, which is in the registry, only in `-`, `.` and `_`")]
    #[diagnostic(code(larder::registry::near_name), help("publish it as `{known}`, or give it another name"))]
    NearName {
        /// The name.
        name: String,
        /// The one that is there.
        known: String,
    },
    /// A submission cannot be integrated.
    #[error("the submission `{file}` cannot be integrated: {reason}")]
    #[diagnostic(code(larder::registry::bad_submission), help("remove it from `incoming/`, and tell its author"))]
    Submission {
        /// The file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// The machine refused something.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Machine(#[from] FsError),
}

impl Failure for FolderError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoRegistry(_) | Self::NotEmpty(_) | Self::OtherKey { .. } => Exit::Manifest,
            Self::Description { .. } | Self::Log { .. } | Self::NoCopy { .. } => Exit::Integrity,
            Self::Subset(_)
            | Self::CopyIsNewer { .. }
            | Self::Index { .. }
            | Self::Event { .. }
            | Self::NearName { .. }
            | Self::Submission { .. } => Exit::Refused,
            Self::Machine(error) => error.exit(),
        }
    }
}
