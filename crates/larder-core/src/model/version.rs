//! Versions, with each ecosystem's grammar and order.

use std::cmp::Ordering;
use std::fmt;

use super::archive::version::ToolVersion;
use super::{CreatioVersion, Ecosystem, NpmRange, PerEcosystem, PypiSpecifier, larder, npm, pypi};

/// A version of a package. The order is the ecosystem's own. The order of versions of different ecosystems is arbitrary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// An npm version: SemVer 2, read loosely.
    Npm(deno_semver::Version),
    /// A Python version: PEP 440. A local package of Python has one where it is no SemVer.
    Pypi(pep440_rs::Version),
    /// The version of a private or local package: SemVer 2.
    Semver(semver::Version),
    /// The version of a tool by URL: a name.
    Tool(ToolVersion),
    /// The version of a Creatio package: NuGet's.
    Creatio(CreatioVersion),
}

/// A text that is not a version in its ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version of {ecosystem}: {reason}")]
pub struct VersionError {
    /// The text as given.
    pub text: String,
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The parser's message.
    pub reason: String,
}

/// Parses a version. The error is the parser's message.
type Parse = fn(&str) -> Result<Version, String>;

/// The grammars of versions.
const PARSERS: PerEcosystem<Parse> = PerEcosystem {
    npm: |text| npm::version::parse(text).map(Version::from),
    pypi: |text| pypi::version::parse(text).map(Version::from),
    larder: |text| larder::version::parse(text).map(Version::from),
    path: local,
    archive: |text| ToolVersion::parse(text).map(Version::from),
    creatio: |text| CreatioVersion::parse(text).map(Version::from),
};

/// Parses the version of a local package: that of a private package; a Python package's that is none of them, as PEP 440 has it.
fn local(text: &str) -> Result<Version, String> {
    larder::version::parse(text).map(Version::from).or_else(|reason| {
        let version = pypi::version::parse(text).map_err(|_| reason)?;
        // `v1.2.3` is written as `1.2.3`, which is one of them.
        Ok(larder::version::parse(&version.to_string()).map_or_else(|_| version.into(), Version::from))
    })
}

impl Version {
    /// Parses a version in an ecosystem's grammar.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, VersionError> {
        let error = |reason| VersionError { text: text.to_owned(), ecosystem, reason };
        PARSERS.of(ecosystem)(text).map_err(error)
    }

    /// Parses the version of a private package.
    ///
    /// # Errors
    /// The parser's message.
    pub fn private(text: &str) -> Result<semver::Version, String> {
        larder::version::parse(text)
    }

    /// Returns the version of a folder that a build makes, while there is no package in it: of no registry's.
    pub fn unbuilt() -> Self {
        let pre = semver::Prerelease::new("unbuilt").unwrap_or_default();
        Self::Semver(semver::Version { pre, ..semver::Version::new(0, 0, 0) })
    }

    /// Parses the version of a tool by URL.
    ///
    /// # Errors
    /// The reason, as a sentence.
    pub fn tool(text: &str) -> Result<ToolVersion, String> {
        ToolVersion::parse(text)
    }

    /// Returns the npm version. Returns `None` for other ecosystems.
    pub fn as_npm(&self) -> Option<&deno_semver::Version> {
        match self {
            Self::Npm(version) => Some(version),
            Self::Pypi(_) | Self::Semver(_) | Self::Tool(_) | Self::Creatio(_) => None,
        }
    }

    /// Returns the Python version. Returns `None` for other ecosystems.
    pub fn as_pypi(&self) -> Option<&pep440_rs::Version> {
        match self {
            Self::Pypi(version) => Some(version),
            Self::Npm(_) | Self::Semver(_) | Self::Tool(_) | Self::Creatio(_) => None,
        }
    }

    /// Returns the version of a private or local package. Returns `None` for other ecosystems.
    pub fn as_semver(&self) -> Option<&semver::Version> {
        match self {
            Self::Semver(version) => Some(version),
            Self::Npm(_) | Self::Pypi(_) | Self::Tool(_) | Self::Creatio(_) => None,
        }
    }

    /// Returns the version of a Creatio package. Returns `None` for other ecosystems.
    pub fn as_creatio(&self) -> Option<&CreatioVersion> {
        match self {
            Self::Creatio(version) => Some(version),
            Self::Npm(_) | Self::Pypi(_) | Self::Semver(_) | Self::Tool(_) => None,
        }
    }

    /// Returns whether it is a version of npm that a range of npm's admits.
    pub fn is_in_range(&self, range: &NpmRange) -> bool {
        self.as_npm().is_some_and(|version| range.matches(version))
    }

    /// Returns whether it is a version of Python that a specifier admits.
    pub fn is_specified(&self, specifier: &PypiSpecifier) -> bool {
        self.as_pypi().is_some_and(|version| specifier.admits(version))
    }

    /// Returns the numbers of the release, those before which it is incompatible first. Empty where versions say nothing of it.
    pub fn release(&self) -> Vec<u64> {
        match self {
            Self::Npm(version) => vec![version.major, version.minor, version.patch],
            Self::Pypi(version) => [&[version.epoch()], version.release()].concat(),
            Self::Semver(version) => vec![version.major, version.minor, version.patch],
            Self::Tool(_) | Self::Creatio(_) => Vec::new(),
        }
    }

    /// Compares as advisories do, whose versions name neither builds nor local versions: `1.0.0+build` of npm is `1.0.0`, and
    /// `2.1.0+cpu` of Python is `2.1.0`, as for PEP 440's `==2.1.0`, unless `other` has a local version of its own.
    pub fn cmp_public(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Npm(a), Self::Npm(b)) => a.cmp(b),
            (Self::Pypi(a), Self::Pypi(b)) if a.is_local() && !b.is_local() => a.clone().without_local().cmp(b),
            (Self::Semver(a), Self::Semver(b)) => a.cmp_precedence(b),
            _ => self.cmp(other),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Npm(_) => 0,
            Self::Pypi(_) => 1,
            Self::Semver(_) => 2,
            Self::Tool(_) => 3,
            Self::Creatio(_) => 4,
        }
    }

    /// Returns whether the version is a pre-release (or, in Python, a development release).
    pub fn is_prerelease(&self) -> bool {
        match self {
            Self::Npm(version) => !version.pre.is_empty(),
            Self::Pypi(version) => version.any_prerelease(),
            Self::Semver(version) => !version.pre.is_empty(),
            Self::Tool(_) => false,
            Self::Creatio(version) => version.is_prerelease(),
        }
    }
}

impl From<ToolVersion> for Version {
    fn from(version: ToolVersion) -> Self {
        Self::Tool(version)
    }
}

impl From<deno_semver::Version> for Version {
    fn from(version: deno_semver::Version) -> Self {
        Self::Npm(version)
    }
}

impl From<pep440_rs::Version> for Version {
    fn from(version: pep440_rs::Version) -> Self {
        Self::Pypi(version)
    }
}

impl From<semver::Version> for Version {
    fn from(version: semver::Version) -> Self {
        Self::Semver(version)
    }
}

impl From<CreatioVersion> for Version {
    fn from(version: CreatioVersion) -> Self {
        Self::Creatio(version)
    }
}

impl Ord for Version {
    /// npm's precedence ignores build metadata. Here build metadata breaks ties, so that different versions are never equal.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Npm(a), Self::Npm(b)) => a.cmp(b).then_with(|| a.build.iter().cmp(b.build.iter())),
            (Self::Pypi(a), Self::Pypi(b)) => a.cmp(b),
            (Self::Semver(a), Self::Semver(b)) => a.cmp(b),
            (Self::Tool(a), Self::Tool(b)) => a.cmp(b),
            (Self::Creatio(a), Self::Creatio(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npm(version) => version.fmt(f),
            Self::Pypi(version) => version.fmt(f),
            Self::Semver(version) => version.fmt(f),
            Self::Tool(version) => version.fmt(f),
            Self::Creatio(version) => version.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_local_packages_survive_being_written() {
        for text in ["1.2.3", "1.2.3-rc.1+b", "2024.5.1.dev3", "1.2.3.4", "1.0rc1", "1!2.0", "1.0.post2", "1.2+cu121"] {
            assert_eq!(Version::parse(Ecosystem::LOCAL, text).unwrap().to_string(), text);
        }
        for text in ["", "one", "1.2.3-é", "1..2"] {
            assert!(Version::parse(Ecosystem::LOCAL, text).is_err(), "{text}");
        }
    }
}
