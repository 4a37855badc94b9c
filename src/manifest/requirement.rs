//! The grammar that the dependency lines of all ecosystems share: folders, sources that are not registries, and errors.

use std::sync::Arc;

use miette::SourceSpan;

use super::ManifestError;

/// Why a dependency line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// The name is not valid in its ecosystem.
    #[error("{0}")]
    Name(String),
    /// The range does not parse.
    #[error("{reason}")]
    Range {
        /// What the grammar's parser said.
        reason: String,
        /// How ranges of this ecosystem are written.
        help: &'static str,
    },
    /// The line names a source that is not a registry.
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

/// The spans of a name and its range.
pub(super) struct RequirementSpans {
    pub(super) name: SourceSpan,
    pub(super) range: Option<SourceSpan>,
}

impl RequirementSpans {
    /// Adds the span of the name or the range to an error.
    pub(super) fn error(&self, error: RequirementError) -> ManifestError {
        let range = self.range.unwrap_or(self.name);
        match error {
            RequirementError::Name(reason) => ManifestError::BadName { reason, help: None, span: self.name },
            RequirementError::Range { reason, help } => {
                ManifestError::BadRange { reason, help: Some(help.to_owned()), span: range }
            }
            RequirementError::Source { text, form, help } => {
                ManifestError::UnsupportedSource { text, form, help: Some(help.to_owned()), span: range }
            }
        }
    }
}

/// Parses the folder of a `path` line. Returns it relative, with `/` between its parts, in its shortest form.
pub fn parse_folder(text: &str) -> Result<Arc<str>, &'static str> {
    if text.contains('\\') {
        return Err("the parts of a folder are separated by `/`");
    }
    let has_drive = text.as_bytes().get(1) == Some(&b':');
    if text.starts_with(['/', '~']) || has_drive {
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

/// What to write instead of a git repository or a URL.
pub(super) const USE_A_REGISTRY: &str =
    "packages come from registries: publish it to one, or check it out and name its folder with `path`";

/// Returns the form of a source that is not a registry, and what to write instead. Returns `None` for a range of versions.
pub(super) fn foreign_source(text: &str) -> Option<(&'static str, &'static str)> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    if starts(&["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "gist:", "hg+", "svn+", "bzr+", "ssh:"]) {
        return Some(("git", USE_A_REGISTRY));
    }
    if starts(&["file:", "link:", "portal:", "./", "../", "/", "~/"]) {
        return Some(("file", "write a `path \"DIR\"` line for a folder of this checkout"));
    }
    if text.starts_with("workspace:") {
        return Some(("workspace", "`workspace:` belongs in a member's package.json: write a `path \"DIR\"` line"));
    }
    if starts(&["catalog:", "patch:", "jsr:"]) {
        return Some(("foreign", "write a range of versions"));
    }
    if text.contains("://") {
        return Some((if text.contains(".git") { "git" } else { "URL" }, USE_A_REGISTRY));
    }
    // `user/repository`, npm's short form for GitHub.
    let short = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    text.split_once('/').filter(|(user, name)| short(user) && short(name)).map(|_| ("git", USE_A_REGISTRY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_relative_and_short() {
        assert_eq!(parse_folder("./packages//theme/../core/").as_deref(), Ok("packages/core"));
        assert_eq!(parse_folder("../../x").as_deref(), Ok("../../x"));
        assert!(
            parse_folder("/x").is_err()
                && parse_folder(".").is_err()
                && parse_folder("a\\b").is_err()
                && parse_folder("C:/x").is_err()
        );
    }
}
