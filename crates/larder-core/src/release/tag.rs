//! The names of tags, and the last release among them.

use semver::Version;

/// How the releases of a unit are tagged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagNames {
    /// `v1.2.3`: of a whole repository.
    Plain,
    /// `NAME@1.2.3`: of a member, or of one of several projects.
    Of(String),
}

impl TagNames {
    /// Returns the name of a version's tag.
    pub fn tag(&self, version: &Version) -> String {
        match self {
            Self::Plain => format!("v{version}"),
            Self::Of(name) => format!("{name}@{version}"),
        }
    }

    /// Returns the version that a tag is of; `None` for tags of others.
    pub fn version(&self, tag: &str) -> Option<Version> {
        let text = match self {
            Self::Plain => tag.strip_prefix('v')?,
            Self::Of(name) => tag.strip_prefix(name.as_str())?.strip_prefix('@')?,
        };
        text.parse().ok()
    }
}

/// Returns the highest release among tags, with its version. Pre-releases are not counted.
pub fn last_release<'t>(names: &TagNames, tags: impl IntoIterator<Item = &'t str>) -> Option<(Version, &'t str)> {
    let released = tags.into_iter().filter_map(|tag| Some((names.version(tag)?, tag)));
    released.filter(|(version, _)| version.pre.is_empty()).max()
}
