//! Lines of releases: the versions among which one follows the other.

use super::Version;

/// The line of releases of a version: its first number that is not zero, and what comes before. A back-port to an older line is not
/// what follows the newest version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseLine(Vec<u64>);

impl ReleaseLine {
    /// Returns the line of a version.
    pub fn of(version: &Version) -> Self {
        let numbers = version.release();
        let first = numbers.iter().position(|number| *number != 0).unwrap_or_default();
        Self(numbers.into_iter().take(first + 1).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ecosystem;

    #[test]
    fn a_line_ends_where_versions_are_not_compatible() {
        let is_same = |ecosystem, one: &str, other: &str| {
            let line = |text: &str| ReleaseLine::of(&Version::parse(ecosystem, text).unwrap());
            line(one) == line(other)
        };
        assert!(is_same(Ecosystem::Npm, "1.0.0", "1.9.3") && !is_same(Ecosystem::Npm, "1.9.9", "2.0.0"));
        assert!(is_same(Ecosystem::Npm, "0.3.1", "0.3.9") && !is_same(Ecosystem::Npm, "0.3.1", "0.4.0"));
        assert!(is_same(Ecosystem::Pypi, "2.0", "2.1.post1") && !is_same(Ecosystem::Pypi, "2.0", "3.0"));
    }
}
