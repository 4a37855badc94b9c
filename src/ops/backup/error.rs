//! Why a backup is refused.

use std::path::PathBuf;

use crate::diagnostic::{Exit, Failure, list};

/// Why a backup is not written or not restored.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum BackupError {
    /// There is a file of that name.
    #[error("`{}` is there already", file.display())]
    #[diagnostic(code(larder::backup::exists), help("give another name: a backup never replaces one"))]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// The file is damaged.
    #[error("`{}` is not what was written: {reason}", file.display())]
    #[diagnostic(code(larder::backup::damaged), help("nothing was changed: take another backup"))]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A backup of a newer larder.
    #[error("`{}` has version {version}, which this larder does not know", file.display())]
    #[diagnostic(code(larder::backup::version), help("use a newer larder"))]
    Version {
        /// The file.
        file: PathBuf,
        /// The version.
        version: u32,
    },
    /// What is there is newer.
    #[error("what is there is newer than the backup of {created}:{}", list(files))]
    #[diagnostic(
        code(larder::backup::newer),
        help("nothing was changed. `--force` puts the backup's files in their place")
    )]
    Newer {
        /// When the backup was made.
        created: String,
        /// The files.
        files: Vec<String>,
    },
    /// Something is in the way.
    #[error("`{path}` is in the way of a file of the backup: it is {what}")]
    #[diagnostic(code(larder::backup::in_the_way), help("nothing was changed: move it away"))]
    InTheWay {
        /// The path.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// There is no such generation.
    #[error("the backup has no generation {number} of {environment}")]
    #[diagnostic(code(larder::backup::no_generation), help("{help}"))]
    NoGeneration {
        /// The environment.
        environment: String,
        /// The number.
        number: u64,
        /// Those that there are.
        help: String,
    },
}

impl Failure for BackupError {
    fn exit(&self) -> Exit {
        match self {
            Self::Exists { .. } | Self::NoGeneration { .. } => Exit::Manifest,
            Self::Damaged { .. } => Exit::Integrity,
            Self::Version { .. } | Self::Newer { .. } | Self::InTheWay { .. } => Exit::Refused,
        }
    }
}
