//! Why a log cannot be written or read.

use crate::diagnostic::{Exit, Failure};
use crate::fs::FsError;

/// A log that cannot be written or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LogError {
    /// The machine refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fs(#[from] FsError),
    /// A line would be too long.
    #[error("a line of a log has at most {limit} bytes, and this one would have {length}")]
    #[diagnostic(code(larder::logs::line_too_long))]
    TooLong {
        /// The length that it would have.
        length: usize,
        /// The length that it may have.
        limit: usize,
    },
    /// What was to be written is no object.
    #[error("this cannot be a line of a log: {0}")]
    #[diagnostic(code(larder::logs::no_object))]
    NoObject(String),
}

impl Failure for LogError {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}
