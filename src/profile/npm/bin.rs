//! The executables that a package.json declares.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::ProfileError;

/// An executable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Bin {
    /// What it is called by.
    pub(in super::super) name: String,
    /// The file, relative to the package.
    pub(in super::super) path: String,
}

#[derive(Deserialize)]
struct PackageJson {
    #[serde(default)]
    bin: Option<Declared>,
    #[serde(default)]
    directories: Option<serde_json::Value>,
}

/// `"bin": "cli.js"`, or `"bin": { "name": "cli.js" }`. Anything else declares nothing, as in npm.
#[derive(Deserialize)]
#[serde(untagged)]
enum Declared {
    One(String),
    Many(BTreeMap<String, serde_json::Value>),
    Other(serde::de::IgnoredAny),
}

/// Returns the executables that the package.json of `package` declares, sorted by name. `files` are the package's
/// files, for `directories.bin`.
///
/// # Errors
/// When a name or a path leaves its folder.
pub(in super::super) fn declared<'a>(
    package: &str,
    package_json: &[u8],
    files: impl Iterator<Item = &'a str>,
) -> Result<Vec<Bin>, ProfileError> {
    let text = package_json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(package_json);
    let parsed: PackageJson = serde_json::from_slice(text)
        .map_err(|error| ProfileError::BadPackageJson { package: package.to_owned(), problem: error.to_string() })?;
    let mut found = match parsed.bin {
        Some(Declared::One(path)) => vec![checked(package, package, &path)?],
        Some(Declared::Many(map)) => map
            .iter()
            .filter_map(|(name, path)| Some((name, path.as_str()?)))
            .map(|(name, path)| checked(package, name, path))
            .collect::<Result<_, _>>()?,
        Some(Declared::Other(_)) | None => Vec::new(),
    };
    let folder = parsed.directories.as_ref().and_then(|directories| directories.get("bin")?.as_str());
    if let (true, Some(folder)) = (found.is_empty(), folder) {
        let prefix = format!("{}/", checked(package, "bin", folder)?.path);
        for file in files.filter(|file| file.starts_with(&prefix)) {
            let name = file.rsplit('/').next().unwrap_or(file);
            if !name.starts_with('.') {
                found.push(checked(package, name, file)?);
            }
        }
    }
    found.sort_unstable();
    found.dedup_by(|a, b| a.name == b.name);
    Ok(found)
}

/// Returns the folder whose files are executables (`directories.bin`), without a way out of the package.
pub(in super::super) fn declared_folder(package_json: &[u8]) -> Option<String> {
    let text = package_json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(package_json);
    let parsed: PackageJson = serde_json::from_slice(text).ok()?;
    let folder = parsed.directories.filter(|_| parsed.bin.is_none())?;
    Some(checked("", "bin", folder.get("bin")?.as_str()?).ok()?.path)
}

/// Returns the earlier of two packages that offer the executable `name`: the one that is called like it, else the
/// first.
pub(in super::super) fn shadowing<'a>(name: &str, first: &'a str, second: &'a str) -> &'a str {
    if second == name && first != name { second } else { first }
}

fn checked(package: &str, name: &str, path: &str) -> Result<Bin, ProfileError> {
    let refused =
        || ProfileError::UnsafeBin { package: package.to_owned(), name: name.to_owned(), target: path.to_owned() };
    // A scope is no part of the executable's name.
    let short = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').ok_or_else(refused)?.1,
        None => name,
    };
    if short.is_empty() || short.starts_with('.') || short.contains(['/', '\\', '\0']) {
        return Err(refused());
    }
    let mut parts: Vec<&str> = Vec::new();
    if path.starts_with('/') || path.contains(['\\', '\0']) {
        return Err(refused());
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(refused)?;
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { Err(refused()) } else { Ok(Bin { name: short.to_owned(), path: parts.join("/") }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(package: &str, json: &str) -> Vec<(String, String)> {
        declared(package, json.as_bytes(), ["tools/a.js", "tools/.b", "lib/c.js"].into_iter())
            .unwrap()
            .into_iter()
            .map(|bin| (bin.name, bin.path))
            .collect()
    }

    fn pair(name: &str, path: &str) -> (String, String) {
        (name.to_owned(), path.to_owned())
    }

    #[test]
    fn all_ways_to_declare_executables_are_read() {
        assert_eq!(check("tsc", r#"{"bin": "./bin/tsc.js"}"#), [pair("tsc", "bin/tsc.js")]);
        assert_eq!(check("@acme/cli", r#"{"bin": "cli.js"}"#), [pair("cli", "cli.js")]);
        assert_eq!(
            check("x", r#"{"bin": {"@acme/b": "b.js", "a": "x/../a.js"}}"#),
            [pair("a", "a.js"), pair("b", "b.js")]
        );
        assert_eq!(check("x", r#"{"directories": {"bin": "./tools"}}"#), [pair("a.js", "tools/a.js")]);
        assert_eq!(check("x", "\u{feff}{\"bin\": null}"), []);
    }

    #[test]
    fn executables_that_leave_their_folder_are_refused() {
        for json in [
            r#"{"bin": {"../../evil": "a.js"}}"#,
            r#"{"bin": {"a": "../../etc/passwd"}}"#,
            r#"{"bin": {"a": "/bin/sh"}}"#,
            r#"{"bin": {"..": "a.js"}}"#,
            r#"{"directories": {"bin": "../.."}}"#,
        ] {
            let error = declared("x", json.as_bytes(), std::iter::empty()).unwrap_err();
            assert!(matches!(error, ProfileError::UnsafeBin { .. }), "{json}: {error}");
        }
    }
}
