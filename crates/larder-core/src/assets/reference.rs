//! References from one asset to another, with their places.

use miette::SourceSpan;

use crate::diagnostic::Position;
use crate::manifest::{Errors, ManifestError};
use crate::model::AssetReference;

/// A reference in an asset's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it names.
    pub to: AssetReference,
    /// How it is written.
    pub text: Box<str>,
    /// Where it stands.
    pub position: Position,
}

impl Reference {
    /// Reads a reference in the file with this text.
    pub(super) fn parse(file: &str, (text, span): (&str, SourceSpan), errors: &mut Errors) -> Option<Self> {
        match text.parse::<AssetReference>() {
            Ok(to) => Some(Self { to, text: text.into(), position: Position::of(file, span.offset()) }),
            Err(error) => {
                errors.push(ManifestError::BadName {
                    reason: error.to_string(),
                    help: Some("write it as `name`, `package/name`, `name@2` or `name#Entry`".to_owned()),
                    span,
                });
                None
            }
        }
    }
}
