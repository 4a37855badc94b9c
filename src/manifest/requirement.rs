//! From the words of a dependency line to a requirement: the same for manifests, commands and imports.

use std::sync::Arc;

use crate::model::{Ecosystem, ExtraName, Marker, NpmRange, PackageName, PypiSpecifier, Requirement, SemverRange};

/// What is wrong with the words of a dependency line.
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
    /// Not from a registry.
    #[error("`{text}` is a {form} dependency, which larder does not take")]
    Source {
        /// The requirement as written.
        text: String,
        /// `git`, `URL`, `file`, `workspace`.
        form: &'static str,
        /// What to write instead.
        help: &'static str,
    },
}

/// Reads a requirement of a registry's ecosystem. An absent range means any version.
pub fn requirement(
    ecosystem: Ecosystem,
    name: &str,
    range: Option<&str>,
    marker: &Marker,
) -> Result<Requirement, Flaw> {
    let range = range.map(str::trim);
    match ecosystem {
        Ecosystem::Npm => npm(name, range.unwrap_or_default()),
        Ecosystem::Pypi => pypi(name, range.unwrap_or_default(), marker),
        Ecosystem::Larder => larder(name, range.unwrap_or_default()),
        Ecosystem::Path => Err(Flaw::Source {
            text: name.to_owned(),
            form: "path",
            help: "a path package's name is in its own manifest; write its folder",
        }),
    }
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

fn npm(name: &str, text: &str) -> Result<Requirement, Flaw> {
    let alias = PackageName::npm(name).map_err(|e| Flaw::Name(e.to_string()))?;
    let (name, range) = match text.strip_prefix("npm:") {
        Some(target) => {
            let at = target.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at);
            let (name, range) = at.map_or((target, ""), |at| (&target[..at], &target[at + 1..]));
            let name = PackageName::npm(name).map_err(|e| Flaw::Range {
                reason: e.to_string(),
                help: "an alias is written `npm:NAME@RANGE`, like \"npm:react@^16.14\"",
            })?;
            (name, range.trim())
        }
        None => (alias.clone(), text),
    };
    if let Some((form, help)) = foreign_source(range) {
        return Err(Flaw::Source { text: range.to_owned(), form, help });
    }
    let range: NpmRange = (if range.is_empty() { "*" } else { range }).parse().map_err(|_| Flaw::Range {
        reason: format!("`{range}` is neither a range nor a dist-tag of npm"),
        help: "npm ranges look like \"^18.3\", \">=1 <3\" or \"1.x || 2.x\"",
    })?;
    Ok(Requirement::Npm { alias, name, range })
}

fn pypi(name: &str, text: &str, marker: &Marker) -> Result<Requirement, Flaw> {
    let (bare, extras) = match name.split_once('[') {
        Some((bare, rest)) => {
            let list = rest.trim_end().strip_suffix(']').ok_or_else(|| {
                Flaw::Name(format!("`{name}` is not a Python name: the list of extras is not closed by `]`"))
            })?;
            (bare.trim(), list)
        }
        None => (name, ""),
    };
    if let Some((_, url)) = name.split_once('@') {
        let (form, help) = foreign_source(url.trim()).unwrap_or(("URL", NO_URL));
        return Err(Flaw::Source { text: name.to_owned(), form, help });
    }
    let name = PackageName::pypi(bare).map_err(|e| Flaw::Name(e.to_string()))?;
    let mut extras = extras
        .split(',')
        .map(str::trim)
        .filter(|extra| !extra.is_empty())
        .map(|extra| extra.parse().map_err(|e: crate::model::NameError| Flaw::Name(e.to_string())))
        .collect::<Result<Vec<ExtraName>, _>>()?;
    extras.sort();
    extras.dedup();
    if let Some((form, help)) = foreign_source(text.trim_start_matches(['@', ' '])) {
        return Err(Flaw::Source { text: text.to_owned(), form, help });
    }
    let specifier: PypiSpecifier = text.parse().map_err(|_| {
        let help = if text.starts_with(|c: char| c.is_ascii_digit()) {
            "a specifier starts with an operator: \"==1.2\" for this version, \">=1.2\" for this one and later"
        } else if text.starts_with('^') || (text.starts_with('~') && !text.starts_with("~=")) {
            "Python has no caret: write \">=1.2,<2\", or \"~=1.2\""
        } else {
            "specifiers are those of PEP 440, like \">=0.115,<1\""
        };
        Flaw::Range { reason: format!("`{text}` is not a PEP 440 specifier"), help }
    })?;
    Ok(Requirement::Pypi { name, extras, specifier, marker: marker.clone() })
}

fn larder(name: &str, text: &str) -> Result<Requirement, Flaw> {
    let name = PackageName::npm(name).map_err(|e| Flaw::Name(e.to_string()))?;
    let range = match text {
        "" => SemverRange::any(),
        text => text.parse().map_err(|e: crate::model::RangeError| Flaw::Range {
            reason: e.to_string(),
            help: "ranges are Cargo's, like \"^2.1\", \"~1.4\" or \">=1, <3\"",
        })?,
    };
    Ok(Requirement::Larder { name, range })
}

const NO_URL: &str =
    "packages come from registries: publish it to one, or check it out and name its folder with `path`";
const NO_GIT: &str =
    "packages come from registries: publish it to one, or check it out and name its folder with `path`";

/// Tells what a range is that names a place and not versions.
fn foreign_source(text: &str) -> Option<(&'static str, &'static str)> {
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
