//! Requirements: a package and the versions that satisfy a dependent.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use super::{
    CreatioRange, Ecosystem, ExtraName, Marker, NpmRange, PackageId, PackageName, PypiSpecifier, SemverRange,
    ToolVersion, Version, split_at_version,
};

/// A package, and the versions of it that satisfy a dependent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// An npm package. `alias` is its own name, unless the dependent renames it with `npm:`.
    Npm {
        /// The name under which the dependent imports it: the folder's name in `node_modules`.
        alias: PackageName,
        /// The package.
        name: PackageName,
        /// The versions that satisfy it.
        range: NpmRange,
    },
    /// A Python package with extras.
    Pypi {
        /// The package.
        name: PackageName,
        /// The requested extras, sorted and without repetitions.
        extras: Vec<ExtraName>,
        /// The versions that satisfy it.
        specifier: PypiSpecifier,
        /// The condition. `extra == '…'` refers to the dependent's extras.
        marker: Marker,
    },
    /// A private package.
    Larder {
        /// The package.
        name: PackageName,
        /// The versions that satisfy it.
        range: SemverRange,
        /// The requested features, sorted and without repetitions. `default` is among them unless the dependent does without.
        features: Vec<ExtraName>,
        /// Whether versions whose status is `beta` satisfy it.
        beta: bool,
    },
    /// A folder of this checkout.
    Path {
        /// The name under which the dependent imports it: the link's name in `node_modules`.
        alias: PackageName,
        /// The name in the folder's own manifest.
        name: PackageName,
        /// The folder, relative to the root manifest, with `/` between its parts. `..` is only at its beginning.
        folder: Arc<str>,
        /// The condition, if a Python manifest states one.
        marker: Marker,
    },
    /// A tool by URL.
    Archive {
        /// The tool.
        name: PackageName,
        /// Its version.
        version: ToolVersion,
    },
    /// A Creatio package.
    Creatio {
        /// The package.
        name: PackageName,
        /// The versions that satisfy it.
        range: CreatioRange,
    },
}

/// A requirement as a lockfile writes it, beside the package that it is for.
#[derive(Clone, Debug)]
pub struct WrittenRequirement<'a> {
    /// The range, as [`Requirement::range_text`] writes it.
    pub range: &'a str,
    /// The extras or features.
    pub extras: Vec<ExtraName>,
    /// The condition.
    pub marker: Marker,
    /// Whether versions whose status is `beta` count.
    pub beta: bool,
}

impl Requirement {
    /// Reads a requirement that a lockfile has. `id` has the name under which the dependent sees the package.
    ///
    /// # Errors
    /// The reason why the range, or the name in it, cannot be read.
    pub fn from_written(id: PackageId, written: WrittenRequirement<'_>) -> Result<Self, String> {
        fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
            text.parse().map_err(|error: T::Err| error.to_string())
        }
        // Another name stands before the range: `npm:react@^16`, `path:theme@packages/theme`.
        let named = |text: &'_ str, prefix: &str| -> Result<(PackageName, String), String> {
            match text.strip_prefix(prefix).and_then(split_at_version) {
                Some((name, rest)) => Ok((PackageName::npm(name).map_err(|error| error.to_string())?, rest.to_owned())),
                None => Ok((id.name.clone(), text.to_owned())),
            }
        };
        let WrittenRequirement { range, extras, marker, beta } = written;
        Ok(match id.ecosystem {
            Ecosystem::Npm => {
                let (name, range) = named(range, "npm:")?;
                Self::npm(id.name, name, parse(&range)?)
            }
            Ecosystem::Pypi => Self::pypi(id.name, extras, parse(range)?, marker),
            Ecosystem::Larder => Self::larder(id.name, parse(range)?).with_features(extras, beta),
            Ecosystem::Path => {
                let (name, folder) = named(range, "path:")?;
                Self::path(id.name, name, parse_folder_text(&folder), marker)
            }
            Ecosystem::Archive => Self::tool(id.name, Version::tool(range)?),
            Ecosystem::Creatio => Self::creatio(id.name, parse(range)?),
        })
    }

    /// Creates a requirement for an npm package.
    pub fn npm(alias: PackageName, name: PackageName, range: NpmRange) -> Self {
        Self::Npm { alias, name, range }
    }

    /// Creates a requirement for a Python package.
    pub fn pypi(name: PackageName, extras: Vec<ExtraName>, specifier: PypiSpecifier, marker: Marker) -> Self {
        Self::Pypi { name, extras, specifier, marker }
    }

    /// Creates a requirement for a private package with its default features.
    pub fn larder(name: PackageName, range: SemverRange) -> Self {
        Self::Larder { name, range, features: vec![ExtraName::default_feature()], beta: false }
    }

    /// Returns the requirement with these features, and with versions whose status is `beta`. Requirements of ecosystems without
    /// features are unchanged.
    #[must_use]
    pub fn with_features(mut self, asked: impl IntoIterator<Item = ExtraName>, with_beta: bool) -> Self {
        if let Self::Larder { features, beta, .. } = &mut self {
            *features = asked.into_iter().collect();
            features.sort();
            features.dedup();
            *beta = with_beta;
        }
        self
    }

    /// Creates a requirement for a folder.
    pub fn path(alias: PackageName, name: PackageName, folder: Arc<str>, marker: Marker) -> Self {
        Self::Path { alias, name, folder, marker }
    }

    /// Creates a requirement for a tool.
    pub fn tool(name: PackageName, version: ToolVersion) -> Self {
        Self::Archive { name, version }
    }

    /// Creates a requirement for a Creatio package.
    pub fn creatio(name: PackageName, range: CreatioRange) -> Self {
        Self::Creatio { name, range }
    }

    /// Returns the package's ecosystem.
    pub fn ecosystem(&self) -> Ecosystem {
        match self {
            Self::Npm { .. } => Ecosystem::Npm,
            Self::Pypi { .. } => Ecosystem::Pypi,
            Self::Larder { .. } => Ecosystem::Larder,
            Self::Path { .. } => Ecosystem::Path,
            Self::Archive { .. } => Ecosystem::Archive,
            Self::Creatio { .. } => Ecosystem::Creatio,
        }
    }

    /// Returns the package's name.
    pub fn name(&self) -> &PackageName {
        match self {
            Self::Npm { name, .. }
            | Self::Pypi { name, .. }
            | Self::Larder { name, .. }
            | Self::Path { name, .. }
            | Self::Archive { name, .. }
            | Self::Creatio { name, .. } => name,
        }
    }

    /// Returns the package.
    pub fn package(&self) -> PackageId {
        PackageId::new(self.ecosystem(), self.name().clone())
    }

    /// Returns the package that is called so in the dependent's manifest: overrides are about that name, whatever stands behind it.
    pub fn declared_package(&self) -> PackageId {
        PackageId::new(self.ecosystem(), self.seen_as().clone())
    }

    /// Returns the name under which the dependent sees the package.
    pub fn seen_as(&self) -> &PackageName {
        match self {
            Self::Npm { alias, .. } | Self::Path { alias, .. } => alias,
            Self::Pypi { name, .. }
            | Self::Larder { name, .. }
            | Self::Archive { name, .. }
            | Self::Creatio { name, .. } => name,
        }
    }

    /// Returns the requirement with another alias. Requirements of ecosystems without aliases are unchanged.
    #[must_use]
    pub fn seen_under(mut self, seen_as: &PackageName) -> Self {
        match &mut self {
            Self::Npm { alias, .. } | Self::Path { alias, .. } => alias.clone_from(seen_as),
            Self::Pypi { .. } | Self::Larder { .. } | Self::Archive { .. } | Self::Creatio { .. } => {}
        }
        self
    }

    /// Returns the requested extras, sorted and without repetitions: of a private package, its features.
    pub fn extras(&self) -> &[ExtraName] {
        match self {
            Self::Pypi { extras, .. } => extras,
            Self::Larder { features, .. } => features,
            Self::Npm { .. } | Self::Path { .. } | Self::Archive { .. } | Self::Creatio { .. } => &[],
        }
    }

    /// Returns whether versions whose status is `beta` satisfy the requirement of a private package.
    pub fn takes_beta(&self) -> bool {
        matches!(self, Self::Larder { beta: true, .. })
    }

    /// Returns the name with the requested extras, for messages: `react`, `uvicorn[standard]`. Default features are not listed.
    pub fn name_with_extras(&self) -> String {
        let default = ExtraName::default_feature();
        let is_listed = |extra: &&ExtraName| !self.ecosystem().has_features() || **extra != default;
        let extras: Vec<_> = self.extras().iter().filter(is_listed).map(ExtraName::as_str).collect();
        let name = self.seen_as();
        if extras.is_empty() { name.to_string() } else { format!("{name}[{}]", extras.join(",")) }
    }

    /// Returns the specifier. Returns `None` unless the package is a Python package.
    pub fn specifier(&self) -> Option<&PypiSpecifier> {
        match self {
            Self::Pypi { specifier, .. } => Some(specifier),
            Self::Npm { .. }
            | Self::Larder { .. }
            | Self::Path { .. }
            | Self::Archive { .. }
            | Self::Creatio { .. } => None,
        }
    }

    /// Returns npm's range. Returns `None` unless the package is an npm package.
    pub fn npm_range(&self) -> Option<&NpmRange> {
        match self {
            Self::Npm { range, .. } => Some(range),
            Self::Pypi { .. }
            | Self::Larder { .. }
            | Self::Path { .. }
            | Self::Archive { .. }
            | Self::Creatio { .. } => None,
        }
    }

    /// Returns the SemVer range. Returns `None` unless the package is a private package.
    pub fn semver_range(&self) -> Option<&SemverRange> {
        match self {
            Self::Larder { range, .. } => Some(range),
            Self::Npm { .. } | Self::Pypi { .. } | Self::Path { .. } | Self::Archive { .. } | Self::Creatio { .. } => {
                None
            }
        }
    }

    /// Returns the number of the application of a marketplace that the package is to come from. Returns `None` if it need not come
    /// from one.
    pub fn application(&self) -> Option<u32> {
        match self {
            Self::Creatio { range, .. } => range.application(),
            Self::Npm { .. } | Self::Pypi { .. } | Self::Larder { .. } | Self::Path { .. } | Self::Archive { .. } => {
                None
            }
        }
    }

    /// Returns a text that identifies the range, and whatever else decides which versions satisfy it, among the requirements for
    /// one package.
    pub fn range(&self) -> Cow<'_, str> {
        match self {
            Self::Npm { range, .. } => Cow::Borrowed(range.as_str()),
            Self::Pypi { specifier, .. } => Cow::Owned(specifier.to_string()),
            Self::Larder { range, features, beta, .. } => {
                let features: Vec<_> = features.iter().map(ExtraName::as_str).collect();
                let beta = if *beta { " with beta" } else { "" };
                Cow::Owned(format!("{range} [{}]{beta}", features.join(",")))
            }
            Self::Path { folder, .. } => Cow::Borrowed(folder),
            Self::Archive { version, .. } => Cow::Borrowed(version.as_str()),
            Self::Creatio { range, .. } => Cow::Borrowed(range.as_str()),
        }
    }

    /// Returns the dist-tag, if the requirement has one instead of a range.
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Npm { range, .. } => range.tag(),
            Self::Pypi { .. }
            | Self::Larder { .. }
            | Self::Path { .. }
            | Self::Archive { .. }
            | Self::Creatio { .. } => None,
        }
    }

    /// Returns the folder of a path requirement.
    pub fn folder(&self) -> Option<&Arc<str>> {
        match self {
            Self::Path { folder, .. } => Some(folder),
            Self::Npm { .. }
            | Self::Pypi { .. }
            | Self::Larder { .. }
            | Self::Archive { .. }
            | Self::Creatio { .. } => None,
        }
    }

    /// Returns the condition. Returns `None` if requirements of the ecosystem have none.
    pub fn marker(&self) -> Option<&Marker> {
        match self {
            Self::Pypi { marker, .. } | Self::Path { marker, .. } => Some(marker),
            Self::Npm { .. } | Self::Larder { .. } | Self::Archive { .. } | Self::Creatio { .. } => None,
        }
    }

    /// Returns the requirement with a further condition. Requirements without conditions are unchanged.
    #[must_use]
    pub fn when(mut self, condition: Marker) -> Self {
        match &mut self {
            Self::Pypi { marker, .. } | Self::Path { marker, .. } => *marker = std::mem::take(marker).and(condition),
            Self::Npm { .. } | Self::Larder { .. } | Self::Archive { .. } | Self::Creatio { .. } => {}
        }
        self
    }

    /// Returns what an override puts in the place of `asked`: seen under its name, with its extras and its condition beside
    /// this one's own.
    #[must_use]
    pub fn in_place_of(self, asked: Self) -> Self {
        match (self, asked) {
            (replacement @ (Self::Npm { .. } | Self::Path { .. }), Self::Npm { alias, .. }) => {
                replacement.seen_under(&alias)
            }
            (
                Self::Pypi { name, mut extras, specifier, marker },
                Self::Pypi { extras: more, marker: condition, .. },
            ) => {
                extras.extend(more);
                extras.sort();
                extras.dedup();
                Self::Pypi { name, extras, specifier, marker: condition.and(marker) }
            }
            (Self::Larder { name, range, features, beta }, Self::Larder { features: more, beta: also, .. }) => {
                let default = ExtraName::default_feature();
                let has_default = more.contains(&default);
                let features = features.into_iter().filter(|feature| has_default || *feature != default).chain(more);
                Self::larder(name, range).with_features(features, beta || also)
            }
            (replacement, _) => replacement,
        }
    }

    /// Returns whether both requirements, which have the same alias, are for the same package and extras, beta versions and
    /// applications of a marketplace included.
    pub fn has_same_target(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Npm { name: a, .. }, Self::Npm { name: b, .. }) => a == b,
            (Self::Creatio { name: a, range, .. }, Self::Creatio { name: b, range: other_range, .. }) => {
                (a, range.application()) == (b, other_range.application())
            }
            (
                Self::Larder { name: a, features, beta, .. },
                Self::Larder { name: b, features: other_features, beta: other_beta, .. },
            ) => (a, features, beta) == (b, other_features, other_beta),
            (Self::Pypi { extras: a, .. }, Self::Pypi { extras: b, .. }) => a == b,
            (Self::Path { folder: a, .. }, Self::Path { folder: b, .. }) => a == b,
            (Self::Archive { .. }, Self::Archive { .. }) => true,
            _ => false,
        }
    }

    /// Returns whether every version satisfies the requirement, even pre-releases. The `*` of private packages excludes them.
    pub fn accepts_any_version(&self) -> bool {
        match self {
            Self::Npm { range, .. } => matches!(range.as_str(), "" | "*" | "latest"),
            Self::Pypi { specifier, .. } => specifier.specifiers().is_empty(),
            Self::Creatio { range, .. } => range.is_any(),
            Self::Larder { .. } | Self::Path { .. } | Self::Archive { .. } => false,
        }
    }

    /// Returns whether whatever version is locked stays, pre-releases too: npm's `*`. Without a lock it takes those only where `latest` is one.
    pub fn keeps_any_version(&self) -> bool {
        matches!(self, Self::Npm { range, .. } if matches!(range.as_str(), "" | "*"))
    }

    /// Returns whether the range admits whatever will be published: it is a dist-tag, has no bounds, or in an ecosystem whose usual
    /// ranges end before the next incompatible version, no upper bound. Python's usual ranges have none: there it has no bounds.
    pub fn is_wildcard(&self) -> bool {
        match self {
            Self::Npm { range, .. } => range.is_unbounded(),
            Self::Pypi { specifier, .. } => specifier.specifiers().is_empty(),
            Self::Larder { range, .. } => range.is_unbounded(),
            Self::Creatio { range, .. } => range.is_unbounded(),
            Self::Path { .. } | Self::Archive { .. } => false,
        }
    }

    /// Returns whether a version satisfies the range. Pre-releases follow the rule of the range's grammar. No version satisfies a
    /// dist-tag.
    pub fn matches(&self, version: &Version) -> bool {
        match (self, version) {
            (Self::Npm { range, .. }, Version::Npm(version)) => range.matches(version),
            (Self::Pypi { specifier, .. }, Version::Pypi(version)) => specifier.admits(version),
            (Self::Larder { range, .. }, Version::Semver(version)) => range.matches(version),
            (Self::Path { .. }, Version::Semver(_) | Version::Pypi(_)) => true,
            (Self::Archive { version: wanted, .. }, Version::Tool(version)) => wanted == version,
            (Self::Creatio { range, .. }, Version::Creatio(version)) => range.matches(version),
            _ => false,
        }
    }

    /// Returns the range as the lockfile writes it: `^1.2`, `npm:react@^16`, `>=2,<3`, `packages/theme`,
    /// `path:theme@packages/theme`. Empty means any version.
    pub fn range_text(&self) -> String {
        match self {
            Self::Npm { alias, name, range } if alias != name => format!("npm:{name}@{range}"),
            Self::Npm { range, .. } => range.to_string(),
            Self::Pypi { specifier, .. } => specifier.to_string(),
            Self::Larder { range, .. } => range.to_string(),
            Self::Path { alias, name, folder, .. } if alias != name || folder.starts_with("path:") => {
                format!("path:{name}@{}", folder_text(folder))
            }
            Self::Path { folder, .. } => folder_text(folder).to_owned(),
            Self::Archive { version, .. } => version.to_string(),
            Self::Creatio { range, .. } => range.to_string(),
        }
    }
}

/// Returns a folder of the project as text: the root is `.`.
pub fn folder_text(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}

/// Returns the folder that a text names: `.` is the root, whose path is empty.
pub fn parse_folder_text(text: &str) -> Arc<str> {
    if text == "." { "".into() } else { text.into() }
}
