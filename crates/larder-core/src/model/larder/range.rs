//! The ranges of private and local packages: Cargo's caret rules.

use std::fmt;
use std::str::FromStr;

use crate::model::RangeError;

/// The range of a private or local package, with Cargo's caret rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SemverRange(semver::VersionReq);

impl SemverRange {
    /// Returns the range that every version satisfies.
    pub fn any() -> Self {
        Self(semver::VersionReq::STAR)
    }

    /// Returns whether the range has no upper bound.
    pub fn is_unbounded(&self) -> bool {
        // `*` has no comparator, and `1.*` ends before 2.
        let ends =
            |comparator: &semver::Comparator| !matches!(comparator.op, semver::Op::Greater | semver::Op::GreaterEq);
        !self.0.comparators.iter().any(ends)
    }

    /// Returns whether a version matches the range.
    pub fn matches(&self, version: &semver::Version) -> bool {
        self.0.matches(version)
    }
}

impl FromStr for SemverRange {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        text.parse().map(Self).map_err(|e: semver::Error| RangeError::new("larder", text, e))
    }
}

impl fmt::Display for SemverRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
