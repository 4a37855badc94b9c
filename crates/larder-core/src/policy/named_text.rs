//! Texts with the names of their files, and positions in them.

use miette::{NamedSource, SourceSpan};

/// A text with the name of its file.
#[derive(Clone, Copy, Debug)]
pub struct NamedText<'a> {
    /// The file's path.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// The files in which SARIF and annotations place findings, by their paths in the repository.
#[derive(Clone, Copy, Debug)]
pub struct FindingFiles<'a> {
    /// The lock.
    pub lock: NamedText<'a>,
    /// The manifest. What has no position in the lock is placed at its start.
    pub manifest: NamedText<'a>,
    /// The project's folder relative to its repository's, with a slash at its end; empty if it is that one.
    pub prefix: &'a str,
}

impl FindingFiles<'_> {
    /// Returns a file of the project as the repository knows it.
    pub(super) fn path(&self, file: &str) -> String {
        format!("{}{file}", self.prefix)
    }
}

/// A line and a column, both counted from 1. Columns count characters.
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl NamedText<'_> {
    /// Returns the text as the source of an error's labels.
    pub(super) fn source(&self) -> NamedSource<String> {
        NamedSource::new(self.file, self.text.to_owned())
    }

    /// Returns the position where a span starts.
    pub(super) fn start(&self, span: SourceSpan) -> Position {
        self.position(span.offset())
    }

    /// Returns the position where a span ends.
    pub(super) fn end(&self, span: SourceSpan) -> Position {
        self.position(span.offset() + span.len())
    }

    fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        Position { line, column: before[line_start..].chars().count() + 1 }
    }
}
