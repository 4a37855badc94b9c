//! The error of all ecosystems' range parsers.

use std::fmt;

/// A text that is not a range in its ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a range of {ecosystem}: {reason}")]
pub struct RangeError {
    /// The text as given.
    pub text: String,
    /// The ecosystem.
    pub ecosystem: &'static str,
    /// The parser's message.
    pub reason: String,
}

impl RangeError {
    pub(super) fn new(ecosystem: &'static str, text: &str, reason: impl fmt::Display) -> Self {
        Self { text: text.to_owned(), ecosystem, reason: reason.to_string() }
    }
}
