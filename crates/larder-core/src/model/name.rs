//! Names: of packages, extras, and of what a manifest declares itself.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use super::{Ecosystem, PerEcosystem, archive, creatio, larder, npm, path, pypi};

/// A name that is invalid in its ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {reason}")]
pub struct NameError {
    /// The text as given.
    pub text: String,
    /// The reason, as the end of a sentence.
    pub reason: &'static str,
}

/// Checks a name and returns its normal form.
type Normalize = fn(&str) -> Result<Cow<'_, str>, &'static str>;

/// The grammars of names.
const NORMALIZE: PerEcosystem<Normalize> = PerEcosystem {
    npm: npm::name::normal,
    pypi: pypi::name::normal,
    larder: larder::name::normal,
    path: path::name::normal,
    archive: archive::name::normal,
    creatio: creatio::name::normal,
};

/// Returns the form by which names are compared that the ecosystem keeps as they are spelt.
type Compared = fn(&str) -> Cow<'_, str>;

/// The forms in which names are compared. `None` where names are equal if their texts are.
const COMPARED: PerEcosystem<Option<Compared>> =
    PerEcosystem { creatio: Some(creatio::name::folded), ..PerEcosystem::NONE };

fn normalized(normalize: Normalize, text: &str) -> Result<Arc<str>, NameError> {
    normalize(text).map(Into::into).map_err(|reason| NameError { text: text.to_owned(), reason })
}

/// A package's name: valid in its ecosystem, and normalised if the ecosystem normalises names. Where an ecosystem keeps spellings and
/// compares names in another form, two spellings are equal.
#[derive(Clone, Debug, Serialize)]
#[serde(into = "String")]
pub struct PackageName {
    text: Arc<str>,
    /// The form by which it is compared, if that is not the text.
    compared: Option<Arc<String>>,
}

impl PackageName {
    /// Parses a name as `ecosystem` spells it.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Result<Self, NameError> {
        let text = normalized(*NORMALIZE.of(ecosystem), text)?;
        let compared = COMPARED.of(ecosystem).map(|compared| compared(&text));
        let compared = compared.filter(|compared| **compared != *text).map(|compared| Arc::new(compared.into_owned()));
        Ok(Self { text, compared })
    }

    /// Parses an npm name: `name` or `@scope/name`. Upper case is allowed, because old packages have it.
    pub fn npm(text: &str) -> Result<Self, NameError> {
        Self::parse(Ecosystem::Npm, text)
    }

    /// Parses a Python name and normalises it as PEP 503 says: `My.Package_x` is `my-package-x`.
    pub fn pypi(text: &str) -> Result<Self, NameError> {
        Self::parse(Ecosystem::Pypi, text)
    }

    /// Parses the name of a private package: `name` or `@scope/name`, in lower case.
    pub fn larder(text: &str) -> Result<Self, NameError> {
        Self::parse(Ecosystem::Larder, text)
    }

    /// Returns the form in which names of private packages that differ only in case or in `-`, `.` and `_` are equal. They
    /// are one name: a registry has at most one of them.
    pub fn folded(&self) -> Cow<'_, str> {
        larder::name::folded(&self.text)
    }

    /// Returns the name without its scope: `client` of `@acme/client`.
    pub fn without_scope(&self) -> &str {
        match self.text.split_once('/') {
            Some((scope, name)) if scope.starts_with('@') => name,
            _ => &self.text,
        }
    }

    /// Returns the npm package on `DefinitelyTyped` that has the types of this one: `@types/react`. `None` for types themselves,
    /// and where npm does not allow the name.
    pub fn definitely_typed(&self) -> Option<Self> {
        Self::npm(&npm::name::definitely_typed(&self.text)?).ok()
    }

    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the form by which the name is compared.
    fn compared(&self) -> &str {
        self.compared.as_deref().map_or(&*self.text, String::as_str)
    }
}

impl PartialEq for PackageName {
    fn eq(&self, other: &Self) -> bool {
        self.compared() == other.compared()
    }
}

impl Eq for PackageName {}

impl Ord for PackageName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compared().cmp(other.compared())
    }
}

impl PartialOrd for PackageName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for PackageName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.compared().hash(state);
    }
}

impl From<PackageName> for String {
    fn from(name: PackageName) -> Self {
        name.text.as_ref().to_owned()
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A package, without a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId {
    /// The ecosystem that the name belongs to.
    pub ecosystem: Ecosystem,
    /// The name, as that ecosystem writes it.
    pub name: PackageName,
    /// The registry, if the manifest takes the package from several registries, each on its own platforms. `None` otherwise.
    pub registry: Option<Label>,
}

impl PackageId {
    /// Creates the identity of a package. `name` was parsed for `ecosystem`.
    pub fn new(ecosystem: Ecosystem, name: PackageName) -> Self {
        Self { ecosystem, name, registry: None }
    }

    /// Returns the package as taken from one of several registries.
    #[must_use]
    pub fn routed(&self, registry: Option<Label>) -> Self {
        Self { registry, ..self.clone() }
    }

    /// Returns the name in the form in which two spellings of it are equal.
    pub fn normal_name(&self) -> Cow<'_, str> {
        match self.ecosystem {
            Ecosystem::Larder => self.name.folded(),
            Ecosystem::Npm | Ecosystem::Pypi | Ecosystem::Path | Ecosystem::Archive | Ecosystem::Creatio => {
                Cow::Borrowed(self.name.compared())
            }
        }
    }

    /// Returns whether both are the same package, ignoring the registry.
    pub fn is_same(&self, other: &Self) -> bool {
        self.ecosystem == other.ecosystem && self.name == other.name
    }
}

impl fmt::Display for PackageId {
    /// Writes `npm:react`, or `pypi+cpu:torch` if the registry is part of the identity.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ecosystem.as_str())?;
        if let Some(registry) = &self.registry {
            write!(f, "+{registry}")?;
        }
        write!(f, ":{}", self.name)
    }
}

/// The name of an extra of a Python package or of a feature of a private one, normalised as PEP 685 says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ExtraName(Arc<str>);

impl ExtraName {
    /// The feature of a private package that is on unless a dependent says `default-features=#false`.
    pub const DEFAULT_FEATURE: &'static str = "default";

    /// Returns the name of the feature that a dependent of a private package gets unless it does without.
    pub fn default_feature() -> Self {
        Self(Arc::from(Self::DEFAULT_FEATURE))
    }

    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExtraName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        normalized(pypi::name::normal, text).map(Self)
    }
}

impl fmt::Display for ExtraName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a registry, a group or an environment, as the manifest declares it.
///
/// Letters, digits, `-`, `_` and `.`, starting with a letter or digit, so that it can be part of a path and, in upper
/// case, of a variable's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Label(Arc<str>);

impl Label {
    /// Returns the name of what was given none.
    pub fn unnamed() -> Self {
        Self("unnamed".into())
    }

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
