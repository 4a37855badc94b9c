//! How grave an alert is, and what it is about.

use std::fmt;

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertLevel {
    /// Good to know.
    Info,
    /// Something may go wrong.
    Warning,
    /// Something went wrong.
    Error,
    /// Somebody has to act now.
    Critical,
}

impl AlertLevel {
    /// All levels, in ascending order.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// Returns the word that manifests and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for AlertLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertCategory {
    /// A package that the project depends on.
    Dependency,
    /// A service that is checked.
    Service,
    /// A vulnerability.
    Security,
    /// Memory, disk, response times.
    Performance,
    /// The health of the project, or of the monitor itself.
    Health,
    /// A change of an environment.
    Deployment,
}

impl AlertCategory {
    /// All categories.
    pub const ALL: [Self; 6] =
        [Self::Dependency, Self::Service, Self::Security, Self::Performance, Self::Health, Self::Deployment];

    /// Returns the word that manifests and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dependency => "dependency",
            Self::Service => "service",
            Self::Security => "security",
            Self::Performance => "performance",
            Self::Health => "health",
            Self::Deployment => "deployment",
        }
    }
}

impl fmt::Display for AlertCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
