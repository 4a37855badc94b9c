//! The ecosystems, and the properties that all packages of one share.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The source of a package's name, versions and metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// npm and compatible registries.
    Npm,
    /// PyPI and compatible indexes.
    Pypi,
    /// Private packages, served by larder's own registry.
    Larder,
    /// Folders of the checkout.
    Path,
    /// Tools by URL.
    Archive,
    /// Packages of the Creatio platform.
    Creatio,
}

/// One value for each ecosystem: the table in which a room registers its implementations. A new ecosystem is a new field, so
/// that no room's table compiles without it.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerEcosystem<T> {
    /// The value for npm.
    pub npm: T,
    /// The value for PyPI.
    pub pypi: T,
    /// The value for private packages.
    pub larder: T,
    /// The value for local folders.
    pub path: T,
    /// The value for tools by URL.
    pub archive: T,
    /// The value for Creatio packages.
    pub creatio: T,
}

impl<T> PerEcosystem<Option<T>> {
    /// Nothing for any: the rest of a table that few ecosystems are in.
    pub const NONE: Self = Self { npm: None, pypi: None, larder: None, path: None, archive: None, creatio: None };
}

impl<T> PerEcosystem<T> {
    /// Returns the value for an ecosystem.
    pub const fn of(&self, ecosystem: Ecosystem) -> &T {
        match ecosystem {
            Ecosystem::Npm => &self.npm,
            Ecosystem::Pypi => &self.pypi,
            Ecosystem::Larder => &self.larder,
            Ecosystem::Path => &self.path,
            Ecosystem::Archive => &self.archive,
            Ecosystem::Creatio => &self.creatio,
        }
    }
}

/// A word that is not the name of an ecosystem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ecosystem: npm, pypi, larder, path, archive or creatio")]
pub struct EcosystemError(pub String);

impl Ecosystem {
    /// Every ecosystem, in the order in which they are listed.
    pub const ALL: [Self; 6] = [Self::Npm, Self::Pypi, Self::Larder, Self::Path, Self::Archive, Self::Creatio];

    /// The ecosystem of Node's packages.
    pub const OF_NODE: Self = Self::Npm;

    /// The ecosystem of Python's packages.
    pub const OF_PYTHON: Self = Self::Pypi;

    /// The ecosystem of folders of the checkout.
    pub const LOCAL: Self = Self::Path;

    /// The ecosystem of packages of the Creatio platform.
    pub const CREATIO: Self = Self::Creatio;

    /// The ecosystem of packages that are published with larder.
    pub const PRIVATE: Self = Self::Larder;

    /// The ecosystem of tools by URL.
    pub const TOOLS: Self = Self::Archive;

    /// Returns the ecosystem whose versions are written like those of Rust's crates. Crates are fetched for builds, and
    /// no manifest names one.
    pub fn like_crates() -> Self {
        Self::Larder
    }

    /// Returns the word that manifests and lockfiles use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pypi => "pypi",
            Self::Larder => "larder",
            Self::Path => "path",
            Self::Archive => "archive",
            Self::Creatio => "creatio",
        }
    }

    /// Returns the names of the ecosystems that registries serve.
    pub fn served() -> Vec<&'static str> {
        Self::ALL.into_iter().filter(|ecosystem| ecosystem.has_registries()).map(Self::as_str).collect()
    }

    /// Returns whether registries serve its packages.
    pub fn has_registries(self) -> bool {
        !matches!(self, Self::Path | Self::Archive)
    }

    /// Returns whether its packages are folders of the checkout, which no registry serves.
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

    /// Returns whether its packages are installed one after the other, each after those that it depends on, so that none may depend
    /// on itself through others.
    pub fn has_install_order(self) -> bool {
        matches!(self, Self::Creatio)
    }

    /// Returns whether a registry of it can be a marketplace, which has the current file of each application and no older one.
    pub fn has_marketplaces(self) -> bool {
        matches!(self, Self::Creatio)
    }

    /// Returns whether its packages are published with larder, to registries that larder serves.
    pub fn is_published_with_larder(self) -> bool {
        matches!(self, Self::Larder)
    }

    /// Returns whether its packages can have assets: schemas, adapters, mappings, flows.
    pub fn has_assets(self) -> bool {
        matches!(self, Self::Larder)
    }

    /// Returns whether its packages are files by URL, which no registry serves.
    pub fn is_by_url(self) -> bool {
        matches!(self, Self::Archive)
    }

    /// Returns the words by which other tools call its registries.
    pub fn other_names(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["npmjs", "npmjs.org", "npmjs.com"],
            Self::Pypi => &["pip", "pypi.org"],
            Self::Creatio => &["nuget", "marketplace", "clio"],
            Self::Larder | Self::Path | Self::Archive => &[],
        }
    }

    /// Returns whether its packages can be source distributions, which have to be built.
    pub fn has_source_distributions(self) -> bool {
        matches!(self, Self::Pypi)
    }

    /// Returns whether its packages can bring scripts that are to run when they are installed.
    pub fn has_install_scripts(self) -> bool {
        matches!(self, Self::Npm)
    }

    /// Returns whether its packages have features, of which some are on by default.
    pub fn has_features(self) -> bool {
        matches!(self, Self::Larder)
    }

    /// Returns whether its requirements have markers, which are evaluated for the declared Python.
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
    type Err = EcosystemError;

    fn from_str(text: &str) -> Result<Self, EcosystemError> {
        let found = Self::ALL.into_iter().find(|ecosystem| ecosystem.as_str() == text);
        found.ok_or_else(|| EcosystemError(text.to_owned()))
    }
}
