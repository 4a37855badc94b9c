//! What is wrong with an expression.

use std::ops::Range;

/// Something that is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// A sentence in lower case.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The place: bytes of the expression's text.
    pub span: Range<usize>,
}

impl ExpressionError {
    pub(super) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self { message: message.into(), help: None, span }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
