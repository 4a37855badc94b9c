//! The places outside of registries that a dependency line states: `git=` with `branch=`, `tag=`, `rev=` or, for tags that are
//! versions, `range=`, and `subdirectory=`; or `url=`, which may be the path of a file: `file:vendor/x.tgz`.

use crate::model::{GitReference, GitSource, Source, SourceError};

use super::node::{Errors, NodeParts, NodeValue};
use super::{DependencyLine, ManifestError, Spanned};

/// The properties that state a place.
pub(super) const PROPERTIES: [&str; 7] = ["git", "branch", "tag", "rev", "range", "subdirectory", "url"];

/// Reads the place that a line states. Returns `None` if it states none, or a wrong one, which is reported.
pub(super) fn read_source(parts: &NodeParts<'_>, errors: &mut Errors) -> Option<Spanned<Source>> {
    let stated = |name: &str| parts.property(name);
    match (stated("git"), stated("url")) {
        (None, None) => {
            let alone = PROPERTIES.iter().find_map(|name| Some((*name, stated(name)?)));
            if let Some((name, value)) = alone {
                report(value, name, "has no repository beside it", "write the repository's URL as `git=`", errors);
            }
            None
        }
        (Some(git), None) => read_git(git, parts, errors),
        (None, Some(url)) => {
            for name in ["branch", "tag", "rev", "range", "subdirectory"] {
                if let Some(value) = stated(name) {
                    report(value, name, "belongs to a repository, and `url=` is a file", "leave it out", errors);
                }
            }
            let text = url.string(errors)?;
            let value = checked(Source::from_url(text.value), &text, "the URL of a file", errors)?;
            Some(Spanned { value, span: text.span })
        }
        (Some(_), Some(url)) => {
            report(url, "url", "is stated beside `git=`", "a package comes from one place: keep one of them", errors);
            None
        }
    }
}

/// Makes the files that lines of a manifest in `folder` name relative to the root.
pub(super) fn place<'l>(lines: impl Iterator<Item = &'l mut DependencyLine>, folder: &str, errors: &mut Errors) {
    for source in lines.filter_map(|line| line.source.as_mut()) {
        let Source::File(file) = &source.value else { continue };
        let (written, span) = (file.as_str().to_owned(), source.span);
        let text = Spanned { value: &*written, span };
        if let Some(placed) = checked(file.placed(folder), &text, "the URL of a file", errors) {
            source.value = Source::File(placed);
        }
    }
}

fn read_git(git: NodeValue<'_>, parts: &NodeParts<'_>, errors: &mut Errors) -> Option<Spanned<Source>> {
    let text = git.string(errors)?;
    let repository = checked(text.value.parse(), &text, "the URL of a git repository", errors);
    let mut reference = Some(GitReference::Head);
    let mut first = None;
    for kind in ["branch", "tag", "rev", "range"] {
        let Some(value) = parts.property(kind) else { continue };
        if let Some(first) = first {
            report(
                value,
                kind,
                &format!("is stated beside `{first}=`"),
                "one branch, tag or rev is taken: keep one",
                errors,
            );
            continue;
        }
        first = Some(kind);
        let name = value.string(errors);
        reference =
            name.and_then(|name| checked(GitReference::from_parts(kind, name.value), &name, "a name in git", errors));
    }
    let subdirectory = match parts.property("subdirectory") {
        None => Some(None),
        Some(value) => {
            let folder = value.string(errors);
            folder
                .and_then(|folder| checked(folder.value.parse(), &folder, "a folder of a repository", errors))
                .map(Some)
        }
    };
    let source = GitSource { repository: repository?, reference: reference?, subdirectory: subdirectory? };
    Some(Spanned { value: Source::Git(source), span: text.span })
}

/// Reports why a text is not what it should be. What may be a secret is not shown.
pub(super) fn checked<T>(
    parsed: Result<T, SourceError>,
    text: &Spanned<&str>,
    what: &'static str,
    errors: &mut Errors,
) -> Option<T> {
    parsed
        .map_err(|error| {
            let help = match error {
                SourceError::Scheme => Some(
                    "serve it by https or ssh; a folder of this checkout is a `path` line, an archive `url=\"file:vendor/x.tgz\"`",
                ),
                SourceError::OutOfProject | SourceError::OfMachine => {
                    Some("copy it into the project, and name it by its path from this file: `url=\"file:vendor/x.tgz\"`")
                }
                SourceError::Plain => Some("use https:// or ssh://; http:// and git:// are for this machine only"),
                _ => None,
            };
            let value = if error == SourceError::Credentials { "***" } else { text.value };
            let (value, reason, help) = (value.to_owned(), format!("it {error}"), help.map(str::to_owned));
            errors.push(ManifestError::BadValue { value, what, reason, help, span: text.span });
        })
        .ok()
}

fn report(value: NodeValue<'_>, name: &str, reason: &str, help: &str, errors: &mut Errors) {
    errors.push(ManifestError::BadValue {
        value: format!("{name}="),
        what: "possible here",
        reason: format!("it {reason}"),
        help: Some(help.to_owned()),
        span: value.span,
    });
}
