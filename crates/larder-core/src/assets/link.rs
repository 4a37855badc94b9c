//! A reference from one asset to another, and what it means.

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
    /// The part that what is named plays: `from`, `map`, `to`, `schema`.
    pub role: &'static str,
    /// How much the asset needs it.
    pub strength: Strength,
    /// Where it stands, in the asset's file.
    pub position: Position,
}

/// Why a reference means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// A sentence.
    pub message: String,
    /// What can be done.
    pub help: String,
}
