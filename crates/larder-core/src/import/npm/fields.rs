//! The fields of package.json that name packages.

use serde_json::{Map, Value};

/// The fields with what a package itself installs.
pub(super) const DEPENDENCIES: [&str; 3] = ["dependencies", "optionalDependencies", "devDependencies"];

/// Returns the names of a field, each with its value.
pub(super) fn entries<'a>(document: &'a Map<String, Value>, field: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    document.get(field).and_then(Value::as_object).into_iter().flatten().map(|(name, range)| (name.as_str(), range))
}
