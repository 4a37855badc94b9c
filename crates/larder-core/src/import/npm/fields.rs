//! package.json as an object, and its fields that name packages.

use serde_json::{Map, Value};

use crate::import::ImportError;

/// The fields with what a package itself installs.
pub(super) const DEPENDENCIES: [&str; 3] = ["dependencies", "optionalDependencies", "devDependencies"];

/// Reads a package.json, which may begin with a byte order mark.
///
/// # Errors
/// The text is no JSON object.
pub(super) fn document(text: &str) -> Result<Map<String, Value>, ImportError> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| ImportError { file: "package.json", reason: error.to_string() })
}

/// Returns the names of a field, each with its value.
pub(super) fn entries<'a>(document: &'a Map<String, Value>, field: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    document.get(field).and_then(Value::as_object).into_iter().flatten().map(|(name, range)| (name.as_str(), range))
}
