//! Values with their places in a manifest's text.

use miette::SourceSpan;

use crate::model::Label;

/// A value with its span in the manifest's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its span.
    pub span: SourceSpan,
}

/// A command that `larder run` knows by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its name.
    pub name: Spanned<String>,
    /// What `sh -c` runs in the manifest's folder.
    pub command: String,
    /// `environment=`: the environment that it runs in, unless `--env` names another.
    pub environment: Option<Spanned<Label>>,
    /// `after=`: the tasks of the same manifest that run before it.
    pub after: Vec<Spanned<String>>,
    /// The line.
    pub span: SourceSpan,
}
