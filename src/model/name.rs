//! Names: of packages, extras, and of what a manifest declares itself.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use super::{Ecosystem, npm, pypi};

/// A name that its ecosystem does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {reason}")]
pub struct NameError {
    /// The text as it was given.
    pub text: String,
    /// What is wrong with it, as the end of a sentence.
    pub reason: &'static str,
}

/// A package's name, valid in its ecosystem and normalised where the ecosystem does so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PackageName(Arc<str>);

impl PackageName {
    /// Parses a name as `ecosystem` spells it.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, NameError> {
        (ecosystem.grammar().name)(text).map(|name| Self(name.into()))
    }

    /// Parses an npm name: `name` or `@scope/name`. Upper case is allowed, as old packages have it.
    pub fn npm(text: &str) -> Result<Self, NameError> {
        npm::name::normal(text).map(|name| Self(name.into()))
    }

    /// Parses a Python name and normalises it: PEP 503, `My.Package_x` is `my-package-x`.
    pub fn pypi(text: &str) -> Result<Self, NameError> {
        pypi::name::normal(text).map(|name| Self(name.into()))
    }

    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A package within its ecosystem, whatever its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId {
    /// The ecosystem that the name belongs to.
    pub ecosystem: Ecosystem,
    /// The name, as that ecosystem writes it.
    pub name: PackageName,
    /// The registry, for a package that the manifest takes from several, each on platforms of its own; else none.
    pub registry: Option<Label>,
}

impl PackageId {
    /// Joins an ecosystem and a name that was parsed for it.
    pub fn new(ecosystem: Ecosystem, name: PackageName) -> Self {
        Self { ecosystem, name, registry: None }
    }

    /// Returns the package as one registry of several has it.
    #[must_use]
    pub fn routed(&self, registry: Option<Label>) -> Self {
        Self { registry, ..self.clone() }
    }

    /// Returns whether both are the same package, wherever it comes from.
    pub fn is_same(&self, other: &Self) -> bool {
        self.ecosystem == other.ecosystem && self.name == other.name
    }
}

impl fmt::Display for PackageId {
    /// Writes `npm:react`, or `pypi+cpu:torch` where the registry is part of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ecosystem.as_str())?;
        if let Some(registry) = &self.registry {
            write!(f, "+{registry}")?;
        }
        write!(f, ":{}", self.name)
    }
}

/// The name of an extra of a Python package, normalised as PEP 685 says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ExtraName(Arc<str>);

impl ExtraName {
    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExtraName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        pypi::name::normal(text).map(|name| Self(name.into()))
    }
}

impl fmt::Display for ExtraName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of something that the manifest declares: a registry, a group, an environment.
///
/// Letters, digits, `-`, `_` and `.`, starting with a letter or digit, so that it can be part of a path and, in upper
/// case, of a variable's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Label(Arc<str>);

impl Label {
    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A [`Label`] with a character it must not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name: letters, digits, `-`, `_` and `.` are allowed, and a letter or digit comes first")]
pub struct LabelError(pub String);

impl FromStr for Label {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(allowed) && text.len() <= 100 {
            Ok(Self(text.into()))
        } else {
            Err(LabelError(text.to_owned()))
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
