//! Names: of ecosystems, packages, extras, and of what a manifest declares itself.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Where a package's name, versions and metadata come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// The npm registry and its kin.
    Npm,
    /// The Python Package Index and its kin.
    Pypi,
    /// Private packages, served by larder's own registry.
    Larder,
    /// A folder of this checkout.
    Path,
}

impl Ecosystem {
    /// Every ecosystem, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Npm, Self::Pypi, Self::Larder, Self::Path];

    /// Returns the word that manifests and lockfiles use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pypi => "pypi",
            Self::Larder => "larder",
            Self::Path => "path",
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Ecosystem {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL.into_iter().find(|ecosystem| ecosystem.as_str() == text).ok_or_else(|| NameError {
            text: text.to_owned(),
            reason: "is not an ecosystem: npm, pypi, larder or path",
        })
    }
}

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
        match ecosystem {
            Ecosystem::Pypi => Self::pypi(text),
            Ecosystem::Npm | Ecosystem::Larder | Ecosystem::Path => Self::npm(text),
        }
    }

    /// Parses an npm name: `name` or `@scope/name`. Upper case is allowed, as old packages have it.
    ///
    /// Refused is what could leave a `node_modules` folder or be mistaken for one of its own files.
    pub fn npm(text: &str) -> Result<Self, NameError> {
        let error = |reason| NameError { text: text.to_owned(), reason };
        let bare = match text.strip_prefix('@') {
            Some(scoped) => {
                let (scope, name) =
                    scoped.split_once('/').ok_or_else(|| error("is not a package name: a scope needs `/name`"))?;
                check_npm_part(scope).map_err(error)?;
                name
            }
            None => text,
        };
        check_npm_part(bare).map_err(error)?;
        if text.len() > 214 {
            return Err(error("is longer than the 214 characters npm allows"));
        }
        if matches!(bare.to_ascii_lowercase().as_str(), "node_modules" | "favicon.ico") {
            return Err(error("is reserved by npm"));
        }
        Ok(Self(text.into()))
    }

    /// Parses a Python name and normalises it: PEP 503, `My.Package_x` is `my-package-x`.
    pub fn pypi(text: &str) -> Result<Self, NameError> {
        normalise_pypi(text).map(|name| Self(name.into()))
    }

    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_npm_part(part: &str) -> Result<(), &'static str> {
    if part.is_empty() {
        return Err("is not a package name: a part is empty");
    }
    if part.starts_with('.') {
        return Err("is not a package name: it starts with a dot");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.~!'()*".contains(c);
    if part.chars().all(allowed) { Ok(()) } else { Err("is not a package name: it has a character npm does not allow") }
}

fn normalise_pypi(text: &str) -> Result<String, NameError> {
    let error = |reason| NameError { text: text.to_owned(), reason };
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !edge(text.chars().next()) || !edge(text.chars().last()) {
        return Err(error("is not a Python name: it must start and end with a letter or a digit"));
    }
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '-' | '_' | '.' if name.ends_with('-') => {}
            '-' | '_' | '.' => name.push('-'),
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ => return Err(error("is not a Python name: only letters, digits, `-`, `_` and `.` are allowed")),
        }
    }
    Ok(name)
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

    /// Tells whether both are the same package, wherever it comes from.
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
        normalise_pypi(text).map(|name| Self(name.into()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_names_are_normalised() {
        assert_eq!(PackageName::pypi("Zope.Interface__x").unwrap().as_str(), "zope-interface-x");
        assert!(PackageName::pypi("-x").is_err());
        assert!(PackageName::pypi("a b").is_err());
    }

    #[test]
    fn npm_names_cannot_leave_node_modules() {
        for bad in ["..", ".bin", "@a", "@a/", "@/a", "a/b", "@a/..", "node_modules", "a\\b", ""] {
            assert!(PackageName::npm(bad).is_err(), "{bad}");
        }
        for good in ["react", "@types/node", "JSONStream", "lodash.merge", "a~b"] {
            assert!(PackageName::npm(good).is_ok(), "{good}");
        }
    }
}
