//! `[tool.uv.sources]`: where a pyproject.toml says that some of what it needs is to be found.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::model::PackageName;

/// The sources by the names of the packages that are found there.
pub(super) type Sources = BTreeMap<PackageName, Source>;

/// Where a package is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In a folder, relative to the manifest's own.
    Folder(String),
    /// Among the members.
    Workspace,
    /// Where larder installs nothing from, or here and there.
    Elsewhere,
}

impl Source {
    /// Returns why no registry's package is taken instead, as the end of a sentence.
    pub(super) fn refusal(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            Self::Workspace => Some("no member of the project has this name".to_owned()),
            Self::Elsewhere => Some("[tool.uv.sources] has it from where larder does not install".to_owned()),
        }
    }
}

/// Reads the table. An index of uv's is no source here: which registry serves a package, the root's manifest says.
pub(super) fn read(tool: Option<&Table>) -> Sources {
    let table = tool.and_then(|tool| tool.get("uv")?.get("sources")?.as_table());
    let sources = table.into_iter().flatten();
    sources.filter_map(|(name, value)| Some((PackageName::pypi(name).ok()?, source(value)?))).collect()
}

fn source(value: &Value) -> Option<Source> {
    if let Value::Array(several) = value {
        return several.iter().any(|one| source(one).is_some()).then_some(Source::Elsewhere);
    }
    let is_archive = |path: &str| [".whl", ".tar.gz", ".zip"].iter().any(|end| path.ends_with(end));
    match value.get("path").and_then(Value::as_str) {
        Some(path) if is_archive(path) => return Some(Source::Elsewhere),
        Some(path) => return Some(Source::Folder(path.to_owned())),
        None => {}
    }
    if value.get("workspace") == Some(&Value::Boolean(true)) {
        return Some(Source::Workspace);
    }
    ["git", "url"].iter().any(|key| value.get(key).is_some()).then_some(Source::Elsewhere)
}
