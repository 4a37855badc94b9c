//! `[tool.uv.sources]` of a pyproject.toml: the sources of some of its dependencies.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::model::{GitReference, GitSource, LocalFile, PackageName, Source};

/// The sources, by the names of their packages.
pub type UvSources = BTreeMap<PackageName, UvSource>;

/// The source of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UvSource {
    /// A folder, relative to the manifest.
    Folder(String),
    /// A wheel or a source distribution, by its path from the manifest.
    File(String),
    /// A member of the project.
    Workspace,
    /// A git repository or a URL.
    Outside(Source),
    /// A source that larder does not support, or several sources.
    Elsewhere,
}

impl UvSource {
    /// Returns the source at a path: a file, if its name is that of a wheel or a source distribution, else a folder.
    pub(super) fn at_path(path: &str) -> Self {
        if LocalFile::is_python_archive(path) { Self::File(path.to_owned()) } else { Self::Folder(path.to_owned()) }
    }

    /// Returns the reason why the source is not supported, as a sentence. Returns `None` for one that is.
    pub fn unsupported_reason(&self) -> Option<String> {
        match self {
            Self::Folder(_) | Self::File(_) | Self::Outside(_) => None,
            Self::Workspace => Some("no member of the project has this name".to_owned()),
            Self::Elsewhere => Some("[tool.uv.sources] has it from where larder does not install".to_owned()),
        }
    }
}

/// Reads the table. An index is ignored: the root manifest decides which registry serves a package.
pub fn uv_sources(tool: Option<&Table>) -> UvSources {
    let table = tool.and_then(|tool| tool.get("uv")?.get("sources")?.as_table());
    let sources = table.into_iter().flatten();
    sources.filter_map(|(name, value)| Some((PackageName::pypi(name).ok()?, source(value)?))).collect()
}

fn source(value: &Value) -> Option<UvSource> {
    if let Value::Array(several) = value {
        return several.iter().any(|one| source(one).is_some()).then_some(UvSource::Elsewhere);
    }
    if let Some(path) = value.get("path").and_then(Value::as_str) {
        return Some(UvSource::at_path(path));
    }
    if value.get("workspace") == Some(&Value::Boolean(true)) {
        return Some(UvSource::Workspace);
    }
    ["git", "url"]
        .iter()
        .any(|key| value.get(key).is_some())
        .then(|| outside(value).map_or(UvSource::Elsewhere, UvSource::Outside))
}

/// Reads `{ git = "…", tag = "…", subdirectory = "…" }` or `{ url = "…" }`. Returns `None` if that is no place that larder fetches
/// from, or has conditions of its own.
fn outside(value: &Value) -> Option<Source> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    if ["marker", "extra", "group"].iter().any(|key| value.get(key).is_some()) {
        return None;
    }
    if let Some(url) = text("url") {
        return url.parse().ok().map(Source::Url).filter(|_| text("subdirectory").is_none());
    }
    let stated = ["branch", "tag", "rev"].into_iter().find_map(|kind| Some((kind, text(kind)?)));
    Some(Source::Git(GitSource {
        repository: text("git")?.parse().ok()?,
        reference: stated.map_or(Ok(GitReference::Head), |(kind, name)| GitReference::from_parts(kind, name)).ok()?,
        subdirectory: text("subdirectory").map(str::parse).transpose().ok()?,
    }))
}
