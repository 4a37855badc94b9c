//! The names of the checks over a lock, and how severe what they find is.

use std::fmt;

/// A check over a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckName {
    /// Claims of registries that cover no locked package.
    Claims,
    /// Packages that their authors deprecated.
    Deprecated,
    /// npm's `engines.node` against the declared Node.
    Engines,
    /// Peers that are missing or that another version than the wanted one is bound to.
    Peers,
    /// Packages that are needed on a platform which their `os`, `cpu` or `libc` exclude.
    Platforms,
    /// Upper bounds of `Requires-Python` against the declared Python.
    Python,
    /// Packages that declare install scripts.
    Scripts,
    /// Versions that were withdrawn from their registry.
    Yanked,
    /// Newer versions that a default baseline keeps away.
    Baselines,
    /// Extras that a package does not declare.
    Extras,
    /// What registries' metadata says of the locked packages.
    Metadata,
    /// What the project's own folders say of each other's names and modules.
    LocalPackages,
    /// Files that a registry replaced under the same version.
    Replaced,
}

impl CheckName {
    /// The checks whose severity a `policy` sets: those that judge a lock without solving it.
    pub const CONFIGURABLE: [Self; 8] = [
        Self::Claims,
        Self::Deprecated,
        Self::Engines,
        Self::Peers,
        Self::Platforms,
        Self::Python,
        Self::Scripts,
        Self::Yanked,
    ];

    /// Returns the name as a manifest and a finding's code have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claims => "claims",
            Self::Deprecated => "deprecated",
            Self::Engines => "engines",
            Self::Peers => "peers",
            Self::Platforms => "platforms",
            Self::Python => "python",
            Self::Scripts => "scripts",
            Self::Yanked => "yanked",
            Self::Baselines => "baselines",
            Self::Extras => "extras",
            Self::Metadata => "metadata",
            Self::LocalPackages => "local-packages",
            Self::Replaced => "replaced",
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What becomes of what a check finds. The order is that of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing: it is not told.
    Allow,
    /// It is told.
    Warn,
    /// It is refused, with exit code 1.
    Deny,
}

impl Severity {
    /// Returns the word that manifests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}
