//! The versions of tools: what their makers call them. They are compared as texts, and stand for nothing but themselves.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// The most characters of a version.
const LONGEST: usize = 100;

/// The version of a tool: `14.1.1`, `2024-11-01`, `jq-1.7.1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ToolVersion(Arc<str>);

impl ToolVersion {
    /// Parses a version: letters, digits, `.`, `-`, `_` and `+`, of which a letter or digit is first.
    ///
    /// # Errors
    /// The reason, as a sentence.
    pub(in crate::model) fn parse(text: &str) -> Result<Self, String> {
        let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_+".contains(byte);
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        if !text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) || !text.as_bytes().iter().all(is_allowed) {
            return Err("it has letters, digits, `.`, `-`, `_` and `+`, and begins with a letter or digit".to_owned());
        }
        Ok(Self(text.into()))
    }

    /// Returns the version's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
