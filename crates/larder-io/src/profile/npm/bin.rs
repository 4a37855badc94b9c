//! The executables that a package.json declares.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::ProfileError;

/// An executable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Bin {
    /// The command's name.
    pub(in super::super) name: String,
    /// The file, relative to the package.
    pub(in super::super) path: String,
}

#[derive(Deserialize)]
struct BinFields {
    #[serde(default)]
    bin: Option<BinField>,
    #[serde(default)]
    directories: Option<serde_json::Value>,
}

/// `"bin": "cli.js"`, or `"bin": { "name": "cli.js" }`. Anything else declares nothing, as in npm.
#[derive(Deserialize)]
#[serde(untagged)]
enum BinField {
    One(String),
    Many(BTreeMap<String, serde_json::Value>),
    Other(serde::de::IgnoredAny),
}

/// The executables of a package.json.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(in super::super) struct DeclaredBins {
    /// Executables, sorted by name.
    pub(in super::super) found: Vec<Bin>,
    /// Names and paths that can be no executable's, in plain words.
    pub(in super::super) odd: Vec<String>,
}

/// Returns the executables that the package.json of `package` declares. `files` are the package's files, for
/// `directories.bin`.
///
/// # Errors
/// When a name leaves its folder, or a path does that names no file of the package as npm reads it.
#[expect(clippy::needless_pass_by_value, reason = "an iterator is given away, as iterators are")]
pub(in super::super) fn declared_bins<'a>(
    package: &str,
    package_json: &[u8],
    files: impl Iterator<Item = &'a str> + Clone,
) -> Result<DeclaredBins, ProfileError> {
    let text = package_json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(package_json);
    let parsed: BinFields = serde_json::from_slice(text)
        .map_err(|error| ProfileError::BadPackageJson { package: package.to_owned(), problem: error.to_string() })?;
    let mut bins = DeclaredBins::default();
    match &parsed.bin {
        Some(BinField::One(path)) => bins.add(package, package, path, files.clone())?,
        Some(BinField::Many(map)) => {
            for (name, path) in map.iter().filter_map(|(name, path)| Some((name, path.as_str()?))) {
                bins.add(package, name, path, files.clone())?;
            }
        }
        Some(BinField::Other(_)) | None => {}
    }
    let folder = parsed.directories.as_ref().and_then(|directories| directories.get("bin")?.as_str());
    if let (true, Some(folder)) = (bins.found.is_empty(), folder)
        && let Some(Bin { path: folder, .. }) = checked(package, "bin", folder, std::iter::empty())?
    {
        let prefix = format!("{folder}/");
        for file in files.clone().filter(|file| file.starts_with(&prefix)) {
            let name = file.rsplit('/').next().unwrap_or(file);
            if !name.starts_with('.') {
                bins.add(package, name, file, std::iter::empty())?;
            }
        }
    }
    bins.found.sort_unstable();
    bins.found.dedup_by(|a, b| a.name == b.name);
    Ok(bins)
}

impl DeclaredBins {
    fn add<'a>(
        &mut self,
        package: &str,
        name: &str,
        path: &str,
        files: impl Iterator<Item = &'a str>,
    ) -> Result<(), ProfileError> {
        match checked(package, name, path, files)? {
            Some(bin) => self.found.push(bin),
            None => self.odd.push(format!(
                "{package} declares an executable `{name}` at `{path}`: that names no file, and it is left out"
            )),
        }
        Ok(())
    }
}

/// Returns the folder whose files are executables (`directories.bin`), without a way out of the package.
pub(in super::super) fn bin_directory(package_json: &[u8]) -> Option<String> {
    let text = package_json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(package_json);
    let parsed: BinFields = serde_json::from_slice(text).ok()?;
    let folder = parsed.directories.filter(|_| parsed.bin.is_none())?;
    Some(checked("", "bin", folder.get("bin")?.as_str()?, std::iter::empty()).ok()??.path)
}

/// Returns the earlier of two packages that offer the executable `name`: the one that is called like it, else the
/// first.
pub(in super::super) fn preferred_owner<'a>(name: &str, first: &'a str, second: &'a str) -> &'a str {
    if second == name && first != name { second } else { first }
}

/// Returns an executable; `None` for one that harms nobody and cannot be linked. For npm the package's folder is the root of its paths:
/// `../dist/cli.js` is `dist/cli.js`, if that is one of the package's `files`.
fn checked<'a>(
    package: &str,
    name: &str,
    path: &str,
    mut files: impl Iterator<Item = &'a str>,
) -> Result<Option<Bin>, ProfileError> {
    let refused =
        || ProfileError::UnsafeBin { package: package.to_owned(), name: name.to_owned(), target: path.to_owned() };
    // A scope is no part of the executable's name.
    let short = match name.strip_prefix('@').and_then(|scoped| scoped.split_once('/')) {
        Some((_, short)) => short,
        None => name,
    };
    ProfileError::check_length(package, short)?;
    let leaves = short.starts_with('/') || short.split(['/', '\\']).any(|part| part == "..");
    if leaves || name.contains('\0') {
        return Err(refused());
    }
    // Written on Windows.
    let path = path.replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    let mut leaves = path.starts_with('/') || path.contains('\0');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => leaves |= parts.pop().is_none(),
            part => parts.push(part),
        }
    }
    if leaves && !files.any(|file| file == parts.join("/")) {
        return Err(refused());
    }
    let is_name = !short.is_empty() && !short.starts_with(['.', '@']) && !short.contains(['/', '\\']);
    Ok((is_name && !parts.is_empty()).then(|| Bin { name: short.to_owned(), path: parts.join("/") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(package: &str, json: &str) -> Vec<(String, String)> {
        declared_bins(package, json.as_bytes(), ["tools/a.js", "tools/.b", "lib/c.js"].into_iter())
            .unwrap()
            .found
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
    fn odd_executables_are_left_out_and_told() {
        for (name, path) in
            [("", "a.js"), (".", "a.js"), (".a", "a.js"), ("a/b", "a.js"), ("@a", "a.js"), ("a", ""), ("a", "./.")]
        {
            let json = serde_json::json!({"bin": {name: path, "good": "tools\\a.js"}}).to_string();
            let bins = declared_bins("x", json.as_bytes(), std::iter::empty()).unwrap();
            assert_eq!(bins.found, [Bin { name: "good".to_owned(), path: "tools/a.js".to_owned() }], "{json}");
            assert_eq!(bins.odd.len(), 1, "{json}");
            assert!(bins.odd[0].contains(&format!("`{name}` at `{path}`")), "{json}");
        }
        for json in [r#"{"bin": ""}"#, r#"{"bin": "."}"#, r#"{"directories": {"bin": "."}}"#] {
            assert_eq!(check("x", json), []);
        }
    }

    #[test]
    fn no_executable_has_a_name_that_no_file_can_have() {
        let named = |length| {
            declared_bins("x", format!(r#"{{"bin": {{"{}": "a.js"}}}}"#, "b".repeat(length)).as_bytes(), [].into_iter())
        };
        assert_eq!(named(255).unwrap().found.len(), 1);
        assert!(matches!(named(256), Err(ProfileError::LongName { length: 256, .. })));
    }

    #[test]
    fn the_package_is_the_root_of_paths_that_climb() {
        for path in ["../tools/a.js", "/tools/a.js", "x/../../../tools/a.js"] {
            assert_eq!(check("x", &format!(r#"{{"bin": {{"a": "{path}"}}}}"#)), [pair("a", "tools/a.js")], "{path}");
        }
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
            let error = declared_bins("x", json.as_bytes(), std::iter::empty()).unwrap_err();
            assert!(matches!(error, ProfileError::UnsafeBin { .. }), "{json}: {error}");
        }
    }
}
