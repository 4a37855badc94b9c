//! From the words of a dependency line to a requirement: the same for manifests, commands and imports.

use std::sync::Arc;

use crate::model::{Ecosystem, Marker, Requirement};

use super::notation;

/// Why a dependency line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The name is not one of its ecosystem.
    #[error("{0}")]
    Name(String),
    /// The range does not parse.
    #[error("{reason}")]
    Range {
        /// What the grammar's parser said.
        reason: String,
        /// How such ranges are written.
        help: &'static str,
    },
    /// It names a source that is not a registry.
    #[error("`{text}` is a {form} dependency, which larder does not support")]
    Source {
        /// The requirement as written.
        text: String,
        /// `git`, `URL`, `file`, `workspace`.
        form: &'static str,
        /// What to write instead.
        help: &'static str,
    },
}

/// Parses a requirement of a package in a registry. Without a range, any version satisfies it.
pub fn requirement(
    ecosystem: Ecosystem,
    name: &str,
    range: Option<&str>,
    marker: &Marker,
) -> Result<Requirement, Flaw> {
    notation::of(ecosystem).requirement(name, range.map(str::trim).unwrap_or_default(), marker)
}

/// Reads the folder of a `path` line: relative, with `/` between its parts, in its shortest form.
pub fn folder(text: &str) -> Result<Arc<str>, &'static str> {
    if text.contains('\\') {
        return Err("the parts of a folder are separated by `/`");
    }
    let drive = text.as_bytes().get(1) == Some(&b':');
    if text.starts_with(['/', '~']) || drive {
        return Err("a folder is relative to its manifest, so that it is the same on every machine");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() { Err("it is the manifest's own folder") } else { Ok(parts.join("/").into()) }
}

pub(super) const NO_URL: &str =
    "packages come from registries: publish it to one, or check it out and name its folder with `path`";
const NO_GIT: &str =
    "packages come from registries: publish it to one, or check it out and name its folder with `path`";

/// Returns the form of a source that is not a registry, and what to write instead. Returns `None` for a range of versions.
pub(super) fn foreign_source(text: &str) -> Option<(&'static str, &'static str)> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    if starts(&["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "gist:", "hg+", "svn+", "bzr+", "ssh:"]) {
        return Some(("git", NO_GIT));
    }
    if starts(&["file:", "link:", "portal:", "./", "../", "/", "~/"]) {
        return Some(("file", "write a `path \"DIR\"` line for a folder of this checkout"));
    }
    if text.starts_with("workspace:") {
        return Some(("workspace", "`workspace:` belongs into a member's package.json; write a `path \"DIR\"` line"));
    }
    if starts(&["catalog:", "patch:", "jsr:"]) {
        return Some(("foreign", "write a range of versions"));
    }
    if text.contains("://") {
        return Some(if text.contains(".git") { ("git", NO_GIT) } else { ("URL", NO_URL) });
    }
    // `user/repository`, npm's short form for GitHub.
    let short = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    text.split_once('/').filter(|(user, name)| short(user) && short(name)).map(|_| ("git", NO_GIT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ExtraName;

    fn npm_of(name: &str, range: &str) -> Result<(String, String, String), Flaw> {
        match requirement(Ecosystem::Npm, name, Some(range), &Marker::default())? {
            Requirement::Npm { alias, name, range } => Ok((alias.to_string(), name.to_string(), range.to_string())),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn npm_aliases_split_at_the_range() {
        let parts = |a: &str, b: &str, c: &str| Ok((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(npm_of("r16", "npm:react@^16.14"), parts("r16", "react", "^16.14"));
        assert_eq!(npm_of("m", "npm:@acme/money@1 || 2"), parts("m", "@acme/money", "1 || 2"));
        assert_eq!(npm_of("m", "npm:@acme/money"), parts("m", "@acme/money", "*"));
        assert_eq!(npm_of("m", ""), parts("m", "m", "*"));
        assert_eq!(npm_of("m", "next"), parts("m", "m", "next"));
    }

    #[test]
    fn places_are_not_ranges() {
        for (range, expected) in [
            ("git+https://host/x.git", "git"),
            ("user/repo#main", "git"),
            ("https://host/x.tgz", "URL"),
            ("file:../x", "file"),
            ("workspace:*", "workspace"),
            ("npm:x@github:a/b", "git"),
        ] {
            assert!(matches!(npm_of("x", range), Err(Flaw::Source { form, .. }) if form == expected), "{range}");
        }
        let pypi = |name: &str, range| requirement(Ecosystem::Pypi, name, range, &Marker::default());
        assert!(matches!(pypi("x @ git+https://host/x", None), Err(Flaw::Source { form: "git", .. })));
        assert!(matches!(pypi("x", Some("@ https://host/x.whl")), Err(Flaw::Source { form: "URL", .. })));
    }

    #[test]
    fn extras_are_sorted_and_normalised() {
        let Ok(Requirement::Pypi { name, extras, .. }) =
            requirement(Ecosystem::Pypi, "Fast_API[ Standard,All ]", Some(">=1"), &Marker::default())
        else {
            panic!("it is a requirement")
        };
        assert_eq!(name.as_str(), "fast-api");
        assert_eq!(extras.iter().map(ExtraName::as_str).collect::<Vec<_>>(), ["all", "standard"]);
    }

    #[test]
    fn folders_are_relative_and_short() {
        assert_eq!(folder("./packages//theme/../core/").as_deref(), Ok("packages/core"));
        assert_eq!(folder("../../x").as_deref(), Ok("../../x"));
        assert!(folder("/x").is_err() && folder(".").is_err() && folder("a\\b").is_err() && folder("C:/x").is_err());
    }
}
