//! Why a source of advisories cannot be used.

use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};

/// What a step returns that may fail for a reason of another room.
pub(super) type AdvisoryResult<T> = Result<T, Arc<dyn Failure>>;

/// Keeps a failure whole.
pub(super) fn failure(error: impl Failure) -> Arc<dyn Failure> {
    Arc::new(error)
}

/// A source of advisories cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum AdvisoryError {
    /// An archive cannot be read.
    #[error("the archive of advisories `{archive}` cannot be read: {reason}")]
    #[diagnostic(
        code(larder::advisories::bad_archive),
        help(
            "what was fetched before stays in use. Check that the address has archives as OSV publishes them: `npm/all.zip`"
        )
    )]
    Archive {
        /// The archive: a URL or a file.
        archive: String,
        /// The reason.
        reason: String,
    },
    /// A registry's answer cannot be read.
    #[error("what `{registry}` answers about advisories cannot be read: {reason}")]
    #[diagnostic(
        code(larder::advisories::bad_answer),
        help("not every registry has advisories: `advisories \"osv\" …` takes them from elsewhere")
    )]
    Answer {
        /// The registry's URL.
        registry: String,
        /// The reason.
        reason: String,
    },
    /// There are more advisories than a database can hold.
    #[error("`{origin}` has more advisories than larder keeps: 4 GiB")]
    #[diagnostic(code(larder::advisories::too_large))]
    TooLarge {
        /// The source.
        origin: String,
    },
    /// No record of a source can be read.
    #[error("no record of `{origin}` is an advisory: {reason}")]
    #[diagnostic(
        code(larder::advisories::no_record),
        help("a source has records in the format of OSV: https://ossf.github.io/osv-schema/")
    )]
    NoRecord {
        /// The source.
        origin: String,
        /// What is wrong with the first of them.
        reason: String,
    },
}

impl Failure for AdvisoryError {
    fn exit(&self) -> Exit {
        // What lies in a folder was not fetched.
        let is_folder = match self {
            Self::Archive { archive: origin, .. } | Self::TooLarge { origin } | Self::NoRecord { origin, .. } => {
                !origin.contains("://")
            }
            Self::Answer { .. } => false,
        };
        if is_folder { Exit::Manifest } else { Exit::Network }
    }
}
