//! Texts with their names, and what may be wrong with them.

use std::sync::Arc;

use super::{MAX_BYTES, MAX_DEPTH, MAX_NODES};
use crate::diagnostic::{Position, SourceFinding};

/// A text with the name of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The name, with `/` between folders; no other file has it.
    pub file: Arc<str>,
    /// The text.
    pub text: Arc<str>,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// XML 1.0 with namespaces.
    Xml,
    /// JSON as in RFC 8259.
    Json,
}

/// Why a text is not a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct DocumentError {
    /// What is wrong.
    pub problem: DocumentProblem,
    /// The byte at which it is wrong.
    pub offset: usize,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentProblem {
    /// The text is not of the format.
    #[error("{0}")]
    Syntax(String),
    /// A document type declaration.
    #[error("a document type declaration is refused: it can name other files and define entities")]
    Doctype,
    /// The text is too long.
    #[error("the file is longer than {} MiB", MAX_BYTES / 1024 / 1024)]
    TooLong,
    /// The tree is too deep.
    #[error("nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// The tree has too many nodes.
    #[error("more than {MAX_NODES} elements, attributes or values")]
    TooManyNodes,
    /// An element has too many attributes.
    #[error("an element has more than {0} attributes")]
    TooManyAttributes(usize),
}

impl SourceFile {
    /// Makes one.
    pub fn new(file: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), text: text.into() }
    }

    /// Returns the position of a byte.
    pub fn position(&self, offset: usize) -> Position {
        Position::of(&self.text, offset)
    }

    /// Returns the finding for a text that is not a document. `area` is `schema`, `instance` or `mapping`.
    pub(crate) fn finding(&self, area: Area, error: &DocumentError) -> SourceFinding {
        let code = match (&error.problem, area) {
            (DocumentProblem::Syntax(_), Area::Schema) => "schema.syntax",
            (DocumentProblem::Syntax(_), Area::Instance) => "instance.syntax",
            (DocumentProblem::Doctype, Area::Schema) => "schema.unsafe",
            (DocumentProblem::Doctype, Area::Instance) => "instance.unsafe",
            (_, Area::Schema) => "schema.limit",
            (_, Area::Instance) => "instance.limit",
        };
        let finding = SourceFinding::error(code, &self.file, self.position(error.offset), error.to_string());
        match error.problem {
            DocumentProblem::Doctype => {
                finding.with_help("remove `<!DOCTYPE …>`; write characters instead of entities")
            }
            _ => finding,
        }
    }
}

/// What a document is read as: its findings are named after it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// A schema.
    Schema,
    /// A document that a schema describes.
    Instance,
}

impl DocumentError {
    pub(super) fn new(problem: DocumentProblem, offset: usize) -> Self {
        Self { problem, offset }
    }

    pub(super) fn syntax(message: impl Into<String>, offset: usize) -> Self {
        Self::new(DocumentProblem::Syntax(message.into()), offset)
    }
}
