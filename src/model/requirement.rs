//! What a dependent asks for.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Ecosystem, ExtraName, Marker, NpmRange, PackageId, PackageName, PypiSpecifier, SemverRange, Version};

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
    /// Asks for an npm package, seen under a name.
    pub fn npm(alias: PackageName, name: PackageName, range: NpmRange) -> Self {
        Self::Npm { alias, name, range }
    }

    /// Asks for a Python package.
    pub fn pypi(name: PackageName, extras: Vec<ExtraName>, specifier: PypiSpecifier, marker: Marker) -> Self {
        Self::Pypi { name, extras, specifier, marker }
    }

    /// Asks for a private package.
    pub fn larder(name: PackageName, range: SemverRange) -> Self {
        Self::Larder { name, range }
    }

    /// Asks for the package in a folder, seen under a name.
    pub fn path(alias: PackageName, name: PackageName, folder: Arc<str>, marker: Marker) -> Self {
        Self::Path { alias, name, folder, marker }
    }

    /// Returns the ecosystem of what is asked for.
    pub fn ecosystem(&self) -> Ecosystem {
        match self {
            Self::Npm { .. } => Ecosystem::Npm,
            Self::Pypi { .. } => Ecosystem::Pypi,
            Self::Larder { .. } => Ecosystem::Larder,
            Self::Path { .. } => Ecosystem::Path,
        }
    }

    /// Returns the name of the package that is asked for.
    pub fn name(&self) -> &PackageName {
        match self {
            Self::Npm { name, .. } | Self::Pypi { name, .. } | Self::Larder { name, .. } | Self::Path { name, .. } => {
                name
            }
        }
    }

    /// Returns the package that is asked for.
    pub fn package(&self) -> PackageId {
        PackageId::new(self.ecosystem(), self.name().clone())
    }

    /// Returns the name under which the dependent sees the package.
    pub fn seen_as(&self) -> &PackageName {
        match self {
            Self::Npm { alias, .. } | Self::Path { alias, .. } => alias,
            Self::Pypi { name, .. } | Self::Larder { name, .. } => name,
        }
    }

    /// Returns the same requirement, seen under another name where its ecosystem has such.
    #[must_use]
    pub fn seen_under(mut self, seen_as: &PackageName) -> Self {
        match &mut self {
            Self::Npm { alias, .. } | Self::Path { alias, .. } => alias.clone_from(seen_as),
            Self::Pypi { .. } | Self::Larder { .. } => {}
        }
        self
    }

    /// Returns the extras that are asked for, sorted, each once.
    pub fn extras(&self) -> &[ExtraName] {
        match self {
            Self::Pypi { extras, .. } => extras,
            Self::Npm { .. } | Self::Larder { .. } | Self::Path { .. } => &[],
        }
    }

    /// Returns Python's specifiers, where they are what is asked for.
    pub fn specifier(&self) -> Option<&PypiSpecifier> {
        match self {
            Self::Pypi { specifier, .. } => Some(specifier),
            Self::Npm { .. } | Self::Larder { .. } | Self::Path { .. } => None,
        }
    }

    /// Returns npm's range, where it is what is asked for.
    pub fn npm_range(&self) -> Option<&NpmRange> {
        match self {
            Self::Npm { range, .. } => Some(range),
            Self::Pypi { .. } | Self::Larder { .. } | Self::Path { .. } => None,
        }
    }

    /// Returns the range of a private package, where it is what is asked for.
    pub fn semver_range(&self) -> Option<&SemverRange> {
        match self {
            Self::Larder { range, .. } => Some(range),
            Self::Npm { .. } | Self::Pypi { .. } | Self::Path { .. } => None,
        }
    }

    /// Returns the range alone, as it tells ranges of one package apart.
    pub fn range(&self) -> Cow<'_, str> {
        match self {
            Self::Npm { range, .. } => Cow::Borrowed(range.as_str()),
            Self::Pypi { specifier, .. } => Cow::Owned(specifier.to_string()),
            Self::Larder { range, .. } => Cow::Owned(range.to_string()),
            Self::Path { folder, .. } => Cow::Borrowed(folder),
        }
    }

    /// Returns the dist-tag that is asked for instead of a range.
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Npm { range, .. } => range.tag(),
            Self::Pypi { .. } | Self::Larder { .. } | Self::Path { .. } => None,
        }
    }

    /// Returns the folder that is asked for.
    pub fn folder(&self) -> Option<&Arc<str>> {
        match self {
            Self::Path { folder, .. } => Some(folder),
            Self::Npm { .. } | Self::Pypi { .. } | Self::Larder { .. } => None,
        }
    }

    /// Returns the condition that is part of what is asked for, if it has one.
    pub fn marker(&self) -> Option<&Marker> {
        match self {
            Self::Pypi { marker, .. } | Self::Path { marker, .. } => Some(marker),
            Self::Npm { .. } | Self::Larder { .. } => None,
        }
    }

    /// Returns the same requirement under one more condition, where it can have conditions.
    #[must_use]
    pub fn when(mut self, condition: Marker) -> Self {
        match &mut self {
            Self::Pypi { marker, .. } | Self::Path { marker, .. } => *marker = std::mem::take(marker).and(condition),
            Self::Npm { .. } | Self::Larder { .. } => {}
        }
        self
    }

    /// Returns what an override puts in the place of `asked`: seen under its name, with its extras and its condition beside
    /// this one's own.
    #[must_use]
    pub fn in_place_of(self, asked: Self) -> Self {
        match (self, asked) {
            (replacement @ Self::Npm { .. }, Self::Npm { alias, .. }) => replacement.seen_under(&alias),
            (
                Self::Pypi { name, mut extras, specifier, marker },
                Self::Pypi { extras: more, marker: condition, .. },
            ) => {
                extras.extend(more);
                extras.sort();
                extras.dedup();
                Self::Pypi { name, extras, specifier, marker: condition.and(marker) }
            }
            (replacement, _) => replacement,
        }
    }

    /// Returns whether both ask for the same thing, versions and conditions apart. Both are seen under one name.
    pub fn asks_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Npm { name: a, .. }, Self::Npm { name: b, .. })
            | (Self::Larder { name: a, .. }, Self::Larder { name: b, .. }) => a == b,
            (Self::Pypi { extras: a, .. }, Self::Pypi { extras: b, .. }) => a == b,
            (Self::Path { folder: a, .. }, Self::Path { folder: b, .. }) => a == b,
            _ => false,
        }
    }

    /// Returns whether any version will do, pre-releases among them, which the `*` of private packages does not take.
    pub fn takes_any(&self) -> bool {
        match self {
            Self::Npm { range, .. } => matches!(range.as_str(), "" | "*" | "latest"),
            Self::Pypi { specifier, .. } => specifier.specifiers().is_empty(),
            Self::Larder { .. } | Self::Path { .. } => false,
        }
    }

    /// Returns whether a version satisfies the range, pre-releases by the range's own rule only. A dist-tag is
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
