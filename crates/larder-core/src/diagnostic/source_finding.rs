//! What checks say about places in files, as data.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Position;

/// What a check says about a place in a file. Findings are ordered by their places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceFinding {
    /// The file, with `/` between folders.
    pub file: Arc<str>,
    /// The place in it.
    pub position: Position,
    /// How grave it is.
    pub level: FindingLevel,
    /// The stable code: `mapping.required`.
    pub code: Cow<'static, str>,
    /// The place within the document: `/o:Order/@no` in XML, `/lines/0/amount` in JSON.
    pub path: Option<Box<str>>,
    /// A sentence in lower case without a full stop.
    pub message: String,
    /// Advice on how to resolve the finding.
    pub help: Option<String>,
}

/// How grave a finding is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum FindingLevel {
    /// What was checked cannot be used.
    Error,
    /// It can be used, and may go wrong.
    Warning,
    /// Nothing is wrong; something could not be decided, or is good to know.
    Note,
}

impl FindingLevel {
    /// Returns the word: `error`, `warning`, `note`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl SourceFinding {
    /// Makes an error.
    pub fn error(code: &'static str, file: &Arc<str>, position: Position, message: impl Into<String>) -> Self {
        Self::new(FindingLevel::Error, code, file, position, message.into())
    }

    /// Makes a warning.
    pub fn warning(code: &'static str, file: &Arc<str>, position: Position, message: impl Into<String>) -> Self {
        Self::new(FindingLevel::Warning, code, file, position, message.into())
    }

    /// Makes a note.
    pub fn note(code: &'static str, file: &Arc<str>, position: Position, message: impl Into<String>) -> Self {
        Self::new(FindingLevel::Note, code, file, position, message.into())
    }

    fn new(level: FindingLevel, code: &'static str, file: &Arc<str>, position: Position, message: String) -> Self {
        Self { file: Arc::clone(file), position, level, code: code.into(), path: None, message, help: None }
    }

    /// Adds the place within the document.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<Box<str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds advice, if there is some.
    #[must_use]
    pub fn with_help_if(mut self, help: Option<impl Into<String>>) -> Self {
        self.help = help.map(Into::into);
        self
    }

    /// Returns whether what was checked cannot be used.
    pub fn is_error(&self) -> bool {
        self.level == FindingLevel::Error
    }
}
