//! What is in use: who would lose what it refers to.

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, list};

/// An asset that has lost what it refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrphanedAsset {
    /// The asset.
    pub id: String,
    /// From itself to what is lost.
    pub path: Vec<String>,
}

impl OrphanedAsset {
    /// Returns it as a line for people.
    pub fn line(&self) -> String {
        match &self.path[..] {
            [_, between @ .., lost] if !between.is_empty() => {
                format!("{} uses {lost} by {}", self.id, between.join(" → "))
            }
            [_, lost] => format!("{} uses {lost}", self.id),
            _ => self.id.clone(),
        }
    }
}

/// Something that is in use.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} is in use:{}", list(users))]
#[diagnostic(code(larder::assets::in_use), help("change these first; `--force` goes on, and leaves them without it"))]
pub(in crate::ops) struct InUse {
    what: String,
    users: Vec<String>,
}

impl InUse {
    pub(in crate::ops) fn of(what: &str, orphaned: &[OrphanedAsset]) -> Self {
        Self { what: what.to_owned(), users: orphaned.iter().map(OrphanedAsset::line).collect() }
    }
}

impl Failure for InUse {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
