//! Errors of the reader as findings, for the files of assets: adapters, mappings, flows.

use std::sync::Arc;

use miette::Diagnostic;

use super::ManifestError;
use crate::diagnostic::{Position, SourceFinding};

/// Returns the finding that says the same as the error of a file's reader.
pub(crate) fn kdl_finding(code: &'static str, file: &Arc<str>, text: &str, error: &ManifestError) -> SourceFinding {
    let finding = SourceFinding::error(code, file, Position::of(text, error.span().offset()), error.to_string());
    finding.with_help_if(error.help().map(|help| help.to_string()))
}
