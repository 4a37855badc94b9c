//! How bad a vulnerability is.

use std::fmt;
use std::str::FromStr;

/// How bad a vulnerability is, in the words of npm's and GitHub's advisories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdvisorySeverity {
    /// CVSS 0.0–3.9.
    Low,
    /// CVSS 4.0–6.9, which CVSS calls medium.
    Moderate,
    /// CVSS 7.0–8.9.
    High,
    /// CVSS 9.0–10.0, and all malware.
    Critical,
}

/// A word that is not the severity of an advisory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a severity: low, moderate, high or critical")]
pub struct UnknownAdvisorySeverity(pub String);

impl AdvisorySeverity {
    /// All severities, in ascending order.
    pub const ALL: [Self; 4] = [Self::Low, Self::Moderate, Self::High, Self::Critical];

    /// The severity of an advisory that states none.
    pub const UNKNOWN: Self = Self::Moderate;

    /// Returns the word that manifests and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Moderate => "moderate",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for AdvisorySeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AdvisorySeverity {
    type Err = UnknownAdvisorySeverity;

    /// Reads a word in any case. `medium` is CVSS's word for `moderate`.
    fn from_str(text: &str) -> Result<Self, UnknownAdvisorySeverity> {
        let word = if text.eq_ignore_ascii_case("medium") { "moderate" } else { text };
        let found = Self::ALL.into_iter().find(|severity| severity.as_str().eq_ignore_ascii_case(word));
        found.ok_or_else(|| UnknownAdvisorySeverity(text.to_owned()))
    }
}
