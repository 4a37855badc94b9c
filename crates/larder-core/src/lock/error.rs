//! Errors in a lockfile's text.

use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};

/// A lockfile that cannot be read.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum LockfileError {
    /// Written by a later larder.
    #[error("{file} has version {found}, and this larder reads versions 1 and 2")]
    #[diagnostic(code(larder::lock::newer), help("a newer larder wrote it: install that one"))]
    Newer {
        /// The lockfile's path.
        file: String,
        /// The version that it has.
        found: u64,
        /// The lockfile.
        #[source_code]
        source_code: Arc<NamedSource<String>>,
        /// The version.
        #[label("written here")]
        span: SourceSpan,
    },
    /// It has a table that this larder does not know.
    #[error("{file} has `{table}`, which this larder does not know")]
    #[diagnostic(code(larder::lock::newer), help("a newer larder wrote it: install that one"))]
    UnknownTable {
        /// The lockfile's path.
        file: String,
        /// The table's head: `[[log]]`.
        table: String,
        /// The lockfile.
        #[source_code]
        source_code: Arc<NamedSource<String>>,
        /// The head.
        #[label("written here")]
        span: SourceSpan,
    },
    /// A merge left its markers.
    #[error("{file} has merge conflicts")]
    #[diagnostic(
        code(larder::lock::conflict),
        help("run `larder lock`: it keeps what both sides agree on and solves the rest")
    )]
    Conflict {
        /// The lockfile's path.
        file: String,
        /// The lockfile.
        #[source_code]
        source_code: Arc<NamedSource<String>>,
        /// The first marker.
        #[label("the first conflict")]
        span: SourceSpan,
    },
    /// Not what larder writes.
    #[error("{file} cannot be read: {reason}")]
    #[diagnostic(
        code(larder::lock::corrupt),
        help("larder.lock is generated: restore it from version control, or delete it and run `larder lock`")
    )]
    Corrupt {
        /// The lockfile's path.
        file: String,
        /// The reason, as the end of a sentence.
        reason: String,
        /// The lockfile.
        #[source_code]
        source_code: Arc<NamedSource<String>>,
        /// The position, as far as it is known.
        #[label("here")]
        span: Option<SourceSpan>,
    },
}

/// An error in a lockfile's text, before the file's name is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LockProblem {
    Newer { found: u64, span: Range<usize> },
    UnknownTable { table: String, span: Range<usize> },
    Conflict { span: Range<usize> },
    Corrupt { reason: String, span: Option<Range<usize>> },
}

impl LockfileError {
    pub(super) fn new(file: &str, text: &str, problem: LockProblem) -> Self {
        let source_code = Arc::new(NamedSource::new(file, text.to_owned()));
        let file = file.to_owned();
        match problem {
            LockProblem::Newer { found, span } => Self::Newer { file, found, source_code, span: span.into() },
            LockProblem::UnknownTable { table, span } => {
                Self::UnknownTable { file, table, source_code, span: span.into() }
            }
            LockProblem::Conflict { span } => Self::Conflict { file, source_code, span: span.into() },
            LockProblem::Corrupt { reason, span } => {
                Self::Corrupt { file, reason, source_code, span: span.map(SourceSpan::from) }
            }
        }
    }
}

impl Failure for LockfileError {
    fn exit(&self) -> Exit {
        match self {
            Self::Newer { .. } | Self::UnknownTable { .. } | Self::Conflict { .. } | Self::Corrupt { .. } => {
                Exit::Manifest
            }
        }
    }
}
