//! The checksum of `packageExtensions` that pnpm's lockfile has: of the text into which the npm package object-hash makes an object.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::pnpm_files::PnpmFiles;
use crate::model::Digest;

/// Returns the checksum of the extensions of a pnpm-workspace.yaml or, where that has none, of a package.json, if pnpm reads
/// them there; before version 11 those of package.json come first. Returns `None` if there are none.
pub fn pnpm_extensions_checksum(files: &PnpmFiles<'_>) -> Option<String> {
    const FIELD: &str = "packageExtensions";

    let of_workspace = files.settings_of_workspace().remove(FIELD);
    let of_package = || {
        let package_json = files.settings_of_package_json("packageExtensionsChecksum")?;
        let mut document: Value = serde_json::from_str(package_json.trim_start_matches('\u{feff}')).ok()?;
        Some(document.get_mut("pnpm")?.get_mut(FIELD)?.take())
    };
    let extensions =
        if files.is_of_older_pnpm() { of_package().or(of_workspace) } else { of_workspace.or_else(of_package) }?;
    let is_empty = extensions.as_object().is_none_or(Map::is_empty);
    let mut text = String::new();
    (!is_empty && write(&extensions, &mut text)).then(|| Digest::sha256_of(&text).to_string())
}

/// Writes a value as object-hash does, with the fields of objects in order. Returns `false` for what extensions do not have.
fn write(value: &Value, text: &mut String) -> bool {
    let word = |word: &str| format!("string:{}:{word}", word.encode_utf16().count());
    match value {
        Value::Object(fields) => {
            let _ = write!(text, "object:{}:", fields.len());
            let fields: BTreeMap<&String, &Value> = fields.iter().collect();
            fields.into_iter().all(|(name, value)| {
                text.push_str(&word(name));
                text.push(':');
                let is_known = write(value, text);
                text.push(',');
                is_known
            })
        }
        Value::String(value) => {
            text.push_str(&word(value));
            true
        }
        Value::Bool(value) => {
            let _ = write!(text, "bool:{value}");
            true
        }
        Value::Null | Value::Number(_) | Value::Array(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::pnpm_files::PnpmFiles;

    #[test]
    fn the_checksum_is_the_one_of_pnpm() {
        let json = r#"{"pnpm": {"packageExtensions": {"is-odd@3": {"dependencies": {"ms": "2.1.3"}, "peerDependenciesMeta": {"a": {"optional": true}}}}}}"#;
        let yaml = "packageExtensions:\n  is-odd@3:\n    peerDependenciesMeta:\n      a: {optional: true}\n    dependencies: {ms: 2.1.3}\n";
        let checksum = |workspace, package_json| {
            super::pnpm_extensions_checksum(&PnpmFiles { workspace: Some(workspace), package_json, lockfile: None })
        };
        let expected = Some("sha256-F5sRAz5bobWK+cY+TOKEJzfWOlXkJvpFNA5U2dvu8EE=");
        assert_eq!(checksum(yaml, None).as_deref(), expected);
        assert_eq!(checksum("packages: []\n", Some(json)).as_deref(), expected);
        assert_eq!(checksum("packageExtensions: {}\n", None), None);
    }
}
