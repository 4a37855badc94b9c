//! The package.json of a package that is built: read once, by one rule.

use serde_json::Value;

/// A package.json that says nothing that could be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageJsonError {
    /// It is no JSON object.
    #[error("its package.json is not a JSON object")]
    NotAnObject,
    /// A script is not a text.
    #[error("its package.json has a script `{0}` that is not a text")]
    NotAText(&'static str),
}

/// Parses the text of a package.json, which may begin with a byte order mark: npm takes it off.
///
/// # Errors
/// [`PackageJsonError::NotAnObject`], if it is something else than an object.
pub fn parse_package_json(text: &[u8]) -> Result<Value, PackageJsonError> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let document: Value = serde_json::from_slice(text).map_err(|_| PackageJsonError::NotAnObject)?;
    if document.is_object() { Ok(document) } else { Err(PackageJsonError::NotAnObject) }
}

#[cfg(test)]
mod tests {
    use super::{PackageJsonError, parse_package_json};

    #[test]
    fn a_byte_order_mark_belongs_to_no_package_json() {
        let marked = parse_package_json(b"\xEF\xBB\xBF{\"name\": \"a\"}");
        assert_eq!(marked, parse_package_json(br#"{"name": "a"}"#));
        assert!(marked.is_ok());
        for text in ["", "[]", "\"a\"", "{"] {
            assert_eq!(parse_package_json(text.as_bytes()), Err(PackageJsonError::NotAnObject), "{text}");
        }
    }
}
