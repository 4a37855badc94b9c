//! The health score: one number for the state of a project's dependencies.

use serde::Serialize;

use crate::ops::inspection::SeverityCounts;

/// What the score is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// The vulnerabilities.
    pub(super) vulnerabilities: SeverityCounts,
    /// How many direct dependencies have a newer version.
    pub(super) outdated: usize,
    /// Whether a package has a license that the policy denies.
    pub(super) has_denied_license: bool,
}

/// A number from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct HealthScore(u8);

/// What a score means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// 100.
    Perfect,
    /// 80–99.
    Good,
    /// 60–79.
    Moderate,
    /// 40–59.
    Poor,
    /// 0–39.
    Critical,
}

impl HealthScore {
    /// Counts 100, less 20 for each critical vulnerability, 10 for a high one, 5 for a moderate one, 2 for each outdated direct
    /// dependency and 15 for a denied license; never less than 0. Low vulnerabilities do not count.
    pub(super) fn of(faults: &Faults) -> Self {
        let SeverityCounts { critical, high, moderate, low: _ } = faults.vulnerabilities;
        let parts = [(critical, 20), (high, 10), (moderate, 5), (faults.outdated, 2)];
        let license = if faults.has_denied_license { 15 } else { 0 };
        let lost =
            parts.iter().fold(license, |lost: usize, (count, each)| lost.saturating_add(count.saturating_mul(*each)));
        Self(100 - lost.min(100) as u8)
    }

    /// Returns the number.
    pub fn value(self) -> u8 {
        self.0
    }

    /// Returns what it means.
    pub fn band(self) -> Band {
        match self.0 {
            100.. => Band::Perfect,
            80..100 => Band::Good,
            60..80 => Band::Moderate,
            40..60 => Band::Poor,
            0..40 => Band::Critical,
        }
    }
}

impl Band {
    /// Returns the word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Perfect => "perfect",
            Self::Good => "good",
            Self::Moderate => "moderate",
            Self::Poor => "poor",
            Self::Critical => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(
        critical: usize,
        high: usize,
        moderate: usize,
        outdated: usize,
        has_denied_license: bool,
    ) -> (u8, &'static str) {
        let vulnerabilities = SeverityCounts { critical, high, moderate, low: 7 };
        let score = HealthScore::of(&Faults { vulnerabilities, outdated, has_denied_license });
        (score.value(), score.band().as_str())
    }

    #[test]
    fn each_fault_costs_what_the_design_says_and_the_score_is_never_below_0() {
        assert_eq!(score(1, 2, 1, 5, true), (30, "critical"));
        assert_eq!(score(0, 0, 0, 0, false), (100, "perfect"));
        assert_eq!(score(20, 20, 20, 20, true), (0, "critical"));
        assert_eq!(score(usize::MAX, usize::MAX, 1, usize::MAX, true), (0, "critical"));
        assert_eq!(score(0, 0, 0, 1, false), (98, "good"));
        assert_eq!(score(1, 0, 0, 0, false), (80, "good"));
        assert_eq!(score(1, 0, 1, 0, true), (60, "moderate"));
        assert_eq!(score(2, 0, 4, 0, false), (40, "poor"));
    }
}
