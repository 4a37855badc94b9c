//! A reference from one asset to another, and what it means.

use serde::{Deserialize, Serialize};

use crate::diagnostic::Position;
use crate::model::AssetKind;

use super::Strength;
use super::package::AssetIndex;

/// A reference from an asset to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it means.
    pub to: Result<AssetIndex, Unresolved>,
    /// The kind of what it names.
    pub kind: AssetKind,
    /// The part that what is named plays.
    pub role: LinkRole,
    /// How much the asset needs it.
    pub strength: Strength,
    /// Where it stands, in the asset's file.
    pub position: Position,
}

/// The part that an asset plays in one that refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkRole {
    /// A schema that a schema imports.
    Import,
    /// The schema of the documents, or requests, of an adapter.
    Schema,
    /// The schema of the responses of an adapter.
    Response,
    /// Where a mapping or a flow begins.
    From,
    /// A mapping of a flow.
    Map,
    /// Where a mapping or a flow ends.
    To,
    /// Where documents of a flow go that fail.
    OnError,
    /// What a flow needs besides.
    Depends,
}

impl LinkRole {
    /// Returns the word for it: `on-error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Schema => "schema",
            Self::Response => "response",
            Self::From => "from",
            Self::Map => "map",
            Self::To => "to",
            Self::OnError => "on-error",
            Self::Depends => "depends",
        }
    }
}

/// Why a reference means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unresolved {
    /// A sentence.
    pub message: String,
    /// What can be done.
    pub help: String,
}
