//! What is wrong with a range; the ranges themselves lie with their ecosystems.

use std::fmt;

/// A range that its ecosystem's grammar does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a range of {ecosystem}: {reason}")]
pub struct RangeError {
    /// The text as it was given.
    pub text: String,
    /// The ecosystem whose grammar it breaks.
    pub ecosystem: &'static str,
    /// What the grammar's parser said.
    pub reason: String,
}

impl RangeError {
    pub(super) fn new(ecosystem: &'static str, text: &str, reason: impl fmt::Display) -> Self {
        Self { text: text.to_owned(), ecosystem, reason: reason.to_string() }
    }
}
