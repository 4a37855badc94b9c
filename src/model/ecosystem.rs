//! Ecosystems: which there are, how each writes names and versions, and what is so of all of its packages.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{NameError, Version, larder, npm, path, pypi};

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

/// One value for each ecosystem: how a room registers its implementations. A new ecosystem is a new field, so that no room's
/// table can be without it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerEcosystem<T> {
    /// npm's.
    pub npm: T,
    /// PyPI's.
    pub pypi: T,
    /// That of private packages.
    pub larder: T,
    /// That of local folders.
    pub path: T,
}

impl<T> PerEcosystem<T> {
    /// Returns an ecosystem's value.
    pub const fn of(&self, ecosystem: Ecosystem) -> &T {
        match ecosystem {
            Ecosystem::Npm => &self.npm,
            Ecosystem::Pypi => &self.pypi,
            Ecosystem::Larder => &self.larder,
            Ecosystem::Path => &self.path,
        }
    }
}

/// How an ecosystem writes names and versions.
#[derive(Clone, Copy)]
pub(super) struct Grammar {
    /// Checks a name and returns its normal form.
    pub(super) name: fn(&str) -> Result<Cow<'_, str>, NameError>,
    /// Parses a version; the error is what its grammar's parser said.
    pub(super) version: fn(&str) -> Result<Version, String>,
}

const GRAMMARS: PerEcosystem<Grammar> = PerEcosystem {
    npm: Grammar { name: npm::name::normal, version: npm::version::parse },
    pypi: Grammar { name: pypi::name::normal, version: pypi::version::parse },
    larder: Grammar { name: larder::name::normal, version: larder::version::parse },
    path: Grammar { name: path::name::normal, version: path::version::parse },
};

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

    /// Returns the words for those that registries serve.
    pub fn served() -> Vec<&'static str> {
        Self::ALL.into_iter().filter(|ecosystem| !ecosystem.is_local()).map(Self::as_str).collect()
    }

    pub(super) fn grammar(self) -> &'static Grammar {
        GRAMMARS.of(self)
    }

    /// Returns whether its packages are folders of the checkout: no registry serves them, and nobody publishes them.
    pub fn is_local(self) -> bool {
        matches!(self, Self::Path)
    }

    /// Returns whether each dependent has a scope of its own for its dependencies (a `node_modules`), so that several versions of
    /// a package can be installed side by side, each under a name that its dependent chooses.
    pub fn has_scopes(self) -> bool {
        matches!(self, Self::Npm)
    }

    /// Returns whether all packages of an environment share one folder, so that there is one version of each on a platform, and
    /// two packages can install one file.
    pub fn shares_one_folder(self) -> bool {
        matches!(self, Self::Pypi)
    }

    /// Returns whether requirements carry conditions of their own, which are evaluated for the declared Python: without one they
    /// mean nothing.
    pub fn has_markers(self) -> bool {
        matches!(self, Self::Pypi)
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
