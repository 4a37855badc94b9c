//! Changes and how grave they are.

use std::sync::Arc;

use crate::diagnostic::Position;

/// A change between two versions of a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaChange {
    /// How grave it is.
    pub level: ChangeLevel,
    /// The place in documents: `/Order/Line/@no`, `submit/input/Order`.
    pub path: Box<str>,
    /// The stable code: `compatibility.required`.
    pub code: &'static str,
    /// A sentence in lower case.
    pub message: String,
    /// The place in the new version; in the old one if it is gone.
    pub position: Option<(Arc<str>, Position)>,
}

/// How grave a change is, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeLevel {
    /// Documents of the old version may not be valid any more, or lack what is asked for: a new major version.
    Breaking,
    /// More is possible than before: a new minor version.
    Minor,
}

impl ChangeLevel {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Minor => "minor",
        }
    }
}
