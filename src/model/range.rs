//! What a dependent asks for: ranges of versions, and whole requirements.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Ecosystem, ExtraName, Marker, NpmRange, PackageId, PackageName, PypiSpecifier, Version};

/// A range that its ecosystem's grammar does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a range of {ecosystem}: {reason}")]
pub struct RangeError {
    /// The text as it was given.
    pub text: String,
    /// The ecosystem whose grammar it breaks.
    pub ecosystem: Ecosystem,
    /// What the grammar's parser said.
    pub reason: String,
}

/// A range by Cargo's caret rules: private and local packages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SemverRange(semver::VersionReq);

impl SemverRange {
    /// Returns the range that every version satisfies.
    pub fn any() -> Self {
        Self(semver::VersionReq::STAR)
    }

    /// Tells whether a version lies within the range.
    pub fn matches(&self, version: &semver::Version) -> bool {
        self.0.matches(version)
    }
}

impl FromStr for SemverRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        text.parse().map(Self).map_err(|e: semver::Error| RangeError {
            text: text.to_owned(),
            ecosystem: Ecosystem::Larder,
            reason: e.to_string(),
        })
    }
}

impl fmt::Display for SemverRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a dependent asks for: a package and the versions that will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// An npm package, seen by its dependent under `alias` (its own name, unless `npm:` renamed it).
    Npm {
        /// The name under which the dependent imports it: the folder's name in `node_modules`.
        alias: PackageName,
        /// The package.
        name: PackageName,
        /// The versions that will do.
        range: NpmRange,
    },
    /// A Python package with extras.
    Pypi {
        /// The package.
        name: PackageName,
        /// The extras asked for, sorted, each once.
        extras: Vec<ExtraName>,
        /// The versions that will do.
        specifier: PypiSpecifier,
        /// The condition under which it is asked for; `extra == '…'` refers to the dependent's extras.
        marker: Marker,
    },
    /// A private package.
    Larder {
        /// The package.
        name: PackageName,
        /// The versions that will do.
        range: SemverRange,
    },
    /// A folder of this checkout.
    Path {
        /// The name under which the dependent imports it: the link's name in `node_modules`.
        alias: PackageName,
        /// The name the folder's own manifest gives it.
        name: PackageName,
        /// The folder, relative to the root manifest, with `/` between its parts and no `..` beyond what leaves it.
        folder: Arc<str>,
        /// The condition under which it is asked for, where a Python manifest has one.
        marker: Marker,
    },
}

impl Requirement {
    /// Returns the package that is asked for.
    pub fn package(&self) -> PackageId {
        let (ecosystem, name) = match self {
            Self::Npm { name, .. } => (Ecosystem::Npm, name),
            Self::Pypi { name, .. } => (Ecosystem::Pypi, name),
            Self::Larder { name, .. } => (Ecosystem::Larder, name),
            Self::Path { name, .. } => (Ecosystem::Path, name),
        };
        PackageId::new(ecosystem, name.clone())
    }

    /// Returns the name under which the dependent sees the package.
    pub fn seen_as(&self) -> &PackageName {
        match self {
            Self::Npm { alias, .. } | Self::Path { alias, .. } => alias,
            Self::Pypi { name, .. } | Self::Larder { name, .. } => name,
        }
    }

    /// Returns the condition that is part of what is asked for, if it has one.
    pub fn marker(&self) -> Option<&Marker> {
        match self {
            Self::Pypi { marker, .. } | Self::Path { marker, .. } => Some(marker),
            Self::Npm { .. } | Self::Larder { .. } => None,
        }
    }

    /// Tells whether a version satisfies the range, pre-releases by the range's own rule only. A dist-tag is
    /// satisfied by nothing here.
    pub fn matches(&self, version: &Version) -> bool {
        match (self, version) {
            (Self::Npm { range, .. }, Version::Npm(version)) => range.matches(version),
            (Self::Pypi { specifier, .. }, Version::Pypi(version)) => specifier.admits(version),
            (Self::Larder { range, .. }, Version::Semver(version)) => range.matches(version),
            (Self::Path { .. }, Version::Semver(_)) => true,
            _ => false,
        }
    }

    /// Returns the range's text as the lockfile writes it: `^1.2`, `npm:react@^16`, `>=2,<3`, `packages/theme`,
    /// `path:theme@packages/theme`; empty for any version.
    pub fn range_text(&self) -> String {
        match self {
            Self::Npm { alias, name, range } if alias != name => format!("npm:{name}@{range}"),
            Self::Npm { range, .. } => range.to_string(),
            Self::Pypi { specifier, .. } => specifier.to_string(),
            Self::Larder { range, .. } => range.to_string(),
            Self::Path { alias, name, folder, .. } if alias != name || folder.starts_with("path:") => {
                format!("path:{name}@{folder}")
            }
            Self::Path { folder, .. } => folder.to_string(),
        }
    }
}
