//! Versions, as each ecosystem writes and orders them.

use std::fmt;

use super::Ecosystem;

/// A version of a package. The order is the ecosystem's own; versions of different ecosystems are never compared in
/// earnest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// SemVer 2 as npm reads it.
    Npm(deno_semver::Version),
    /// PEP 440.
    Pypi(pep440_rs::Version),
    /// SemVer 2 as Cargo reads it: private and local packages.
    Semver(semver::Version),
}

/// A text that is not a version in its ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version of {ecosystem}: {reason}")]
pub struct VersionError {
    /// The text as it was given.
    pub text: String,
    /// The ecosystem whose grammar it breaks.
    pub ecosystem: Ecosystem,
    /// What the grammar's parser said.
    pub reason: String,
}

impl Version {
    /// Parses a version as `ecosystem` writes it.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, VersionError> {
        let error = |reason: String| VersionError { text: text.to_owned(), ecosystem, reason };
        match ecosystem {
            Ecosystem::Npm => {
                deno_semver::Version::parse_from_npm(text).map(Self::Npm).map_err(|e| error(e.to_string()))
            }
            Ecosystem::Pypi => {
                text.parse().map(Self::Pypi).map_err(|e: pep440_rs::VersionParseError| error(e.to_string()))
            }
            Ecosystem::Larder | Ecosystem::Path => {
                text.parse().map(Self::Semver).map_err(|e: semver::Error| error(e.to_string()))
            }
        }
    }

    /// Tells whether the version is a pre-release (or, in Python, a development release).
    pub fn is_prerelease(&self) -> bool {
        match self {
            Self::Npm(version) => !version.pre.is_empty(),
            Self::Pypi(version) => version.any_prerelease(),
            Self::Semver(version) => !version.pre.is_empty(),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npm(version) => version.fmt(f),
            Self::Pypi(version) => version.fmt(f),
            Self::Semver(version) => version.fmt(f),
        }
    }
}
