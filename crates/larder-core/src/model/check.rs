//! The names of the checks over a lock, and the severities of findings.

use std::fmt;

/// A check over a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckName {
    /// Versions with known vulnerabilities.
    Advisories,
    /// Licenses that are not allowed.
    Licenses,
    /// Claims of registries that cover no locked package.
    Claims,
    /// Packages that their authors deprecated.
    Deprecated,
    /// Packages whose `engines.node` excludes the declared Node.
    Engines,
    /// Peers that are missing, or bound to a version outside their range.
    Peers,
    /// Packages that are required on a platform which their `os`, `cpu` or `libc` excludes.
    Platforms,
    /// Packages whose `Requires-Python` has an upper bound below the declared Python.
    Python,
    /// Packages that declare install scripts.
    Scripts,
    /// Versions that were yanked from their registry.
    Yanked,
    /// Packages that the policy names.
    Denied,
    /// Packages that are locked in several versions.
    Duplicates,
    /// Direct dependencies that nothing in the checkout names.
    Unused,
    /// A score of the dependencies' health that is below what the policy wants.
    Health,
    /// Lines that admit any later version.
    Ranges,
    /// Packages that were not built by whom the policy wants.
    Provenance,
    /// Packages that their registries did not sign.
    Signatures,
    /// Packages from elsewhere than the policy's sources.
    Sources,
    /// Newer versions that need a newer system than the default baseline.
    Baselines,
    /// Versions that are too young for `age`.
    Age,
    /// Extras that a package does not declare.
    Extras,
    /// Differences between the lock and the registries' metadata.
    Metadata,
    /// Ambiguous names and modules of the project's local packages.
    LocalPackages,
    /// Files that a registry replaced without a new version.
    Replaced,
}

impl CheckName {
    /// The checks whose severity a `policy` can set: those that need no solve.
    pub const CONFIGURABLE: [Self; 10] = [
        Self::Claims,
        Self::Deprecated,
        Self::Duplicates,
        Self::Engines,
        Self::Peers,
        Self::Platforms,
        Self::Python,
        Self::Scripts,
        Self::Unused,
        Self::Yanked,
    ];

    /// Returns the name that manifests and the codes of findings use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advisories => "advisories",
            Self::Licenses => "licenses",
            Self::Claims => "claims",
            Self::Deprecated => "deprecated",
            Self::Engines => "engines",
            Self::Peers => "peers",
            Self::Platforms => "platforms",
            Self::Python => "python",
            Self::Scripts => "scripts",
            Self::Yanked => "yanked",
            Self::Denied => "denied",
            Self::Duplicates => "duplicates",
            Self::Unused => "unused",
            Self::Health => "health",
            Self::Ranges => "ranges",
            Self::Provenance => "provenance",
            Self::Signatures => "signatures",
            Self::Sources => "sources",
            Self::Baselines => "baselines",
            Self::Age => "age",
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

/// The severity of a finding, in the order of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The finding is not reported.
    Allow,
    /// The finding is a warning.
    Warn,
    /// The command fails with exit code 1.
    Deny,
}

impl Severity {
    /// Returns the name that manifests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}
