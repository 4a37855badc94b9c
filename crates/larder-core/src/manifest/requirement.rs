//! The grammar that the dependency lines of all ecosystems share: sources that are not registries, and errors.

use miette::SourceSpan;

use super::ManifestError;
use crate::model::LocalFile;

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
    #[error("`{text}` is a {form} dependency, and not a range of versions")]
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

/// What to write instead of a git repository.
const WRITE_GIT: &str = "a repository is a property of its own: `git=\"https://…\"`, with `branch=`, `tag=` or `rev=`";

/// What to write instead of a URL.
pub(super) const WRITE_URL: &str = "the URL of a file is a property of its own: `url=\"https://…\"`";

/// What to write instead of a file of the checkout.
const WRITE_FILE: &str = "an archive of this checkout is a property of its own: `url=\"file:vendor/x.tgz\"`";

/// What to write instead of a repository of another kind.
const USE_A_REGISTRY: &str =
    "packages come from registries, git and URLs: publish it to one, or check it out and name its folder with `path`";

/// Returns the form of a source that is not a registry, and what to write instead. Returns `None` for a range of versions.
pub(super) fn foreign_source(text: &str) -> Option<(&'static str, &'static str)> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
    if starts(&["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "gist:", "ssh:"]) {
        return Some(("git", WRITE_GIT));
    }
    if starts(&["hg+", "svn+", "bzr+"]) {
        return Some(("foreign", USE_A_REGISTRY));
    }
    if starts(&["file:", "link:", "portal:", "./", "../", "/", "~/"]) {
        let is_archive = LocalFile::is_npm_archive(text) || LocalFile::is_python_archive(text);
        return Some((
            "file",
            if is_archive { WRITE_FILE } else { "write a `path \"DIR\"` line for a folder of this checkout" },
        ));
    }
    if text.starts_with("workspace:") {
        return Some(("workspace", "`workspace:` belongs in a member's package.json: write a `path \"DIR\"` line"));
    }
    if starts(&["catalog:", "patch:", "jsr:"]) {
        return Some(("foreign", "write a range of versions"));
    }
    if text.contains("://") {
        return Some(if text.contains(".git") { ("git", WRITE_GIT) } else { ("URL", WRITE_URL) });
    }
    // `user/repository`, npm's short form for GitHub.
    let short = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    text.split_once('/').filter(|(user, name)| short(user) && short(name)).map(|_| ("git", WRITE_GIT))
}
