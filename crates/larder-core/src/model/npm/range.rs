//! The ranges of npm packages: node-semver's grammar, in npm's loose mode.

mod parse;

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Bound, Range};
use std::str::FromStr;
use std::sync::Arc;

use deno_semver::Version;

use crate::model::RangeError;

pub use parse::parse_npm_version;

/// An npm range or dist-tag. Ranges are equal if their texts are.
#[derive(Clone, Debug)]
pub struct NpmRange {
    text: Arc<str>,
    /// The alternatives of the range. `None` for a dist-tag.
    alternatives: Option<Arc<[Alternative]>>,
}

/// One side of a `||`: comparators that must all hold. An empty list is `*`.
#[derive(Clone, Debug)]
pub struct Alternative(ComparatorSet);

type ComparatorSet = Vec<Comparator>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparator {
    operator: Operator,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl NpmRange {
    /// Returns the range as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the dist-tag. Returns `None` for a range.
    pub fn tag(&self) -> Option<&str> {
        self.alternatives.is_none().then(|| self.text.trim())
    }

    /// Returns whether the range has no upper bound, or is a dist-tag.
    pub fn is_unbounded(&self) -> bool {
        self.alternatives.is_none()
            || self.alternatives().iter().any(|one| !one.0.iter().any(Comparator::is_upper_bound))
    }

    /// Returns whether a version matches the range. A pre-release matches only if an alternative names a pre-release of the same
    /// major, minor and patch version. A dist-tag matches nothing, because only the registry knows its version.
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives().iter().any(|alternative| alternative.matches(version))
    }

    /// Returns whether a version may satisfy both ranges, by their bounds alone, as node-semver's `intersects` does. A dist-tag has
    /// none in common with anything.
    pub fn intersects(&self, other: &Self) -> bool {
        self.alternatives().iter().any(|one| other.alternatives().iter().any(|another| one.intersects(another)))
    }

    /// Returns the alternatives of the range. Empty for a dist-tag.
    pub fn alternatives(&self) -> &[Alternative] {
        self.alternatives.as_deref().unwrap_or_default()
    }
}

impl Alternative {
    /// Half-lines have a point in common if each two of them have.
    fn intersects(&self, other: &Self) -> bool {
        let comparators = || self.0.iter().chain(&other.0);
        let below = |low: &Comparator, high: &Comparator| match low.version.cmp(&high.version) {
            Ordering::Less => true,
            Ordering::Equal => low.operator != Operator::Greater && high.operator != Operator::Less,
            Ordering::Greater => false,
        };
        comparators()
            .filter(|one| one.is_lower_bound())
            .all(|low| comparators().filter(|one| one.is_upper_bound()).all(|high| below(low, high)))
    }

    fn matches(&self, version: &Version) -> bool {
        self.0.iter().all(|comparator| comparator.admits(version)) && self.admits_kind_of(version)
    }

    /// Returns whether a version within the bounds is admitted: a pre-release must be named.
    pub fn admits_kind_of(&self, version: &Version) -> bool {
        version.pre.is_empty() || self.0.iter().any(|comparator| comparator.names_prerelease_of(version))
    }

    /// Returns the lowest version that the comparators admit, if there is one, and the bound above, pre-releases that they do not
    /// name included.
    pub fn limits(&self) -> (Option<String>, Bound<String>) {
        let lower = self.0.iter().filter(|one| one.is_lower_bound());
        let lower = lower.max_by_key(|one| (&one.version, one.operator == Operator::Greater));
        let upper = self.0.iter().filter(|one| one.is_upper_bound());
        let upper = upper.min_by_key(|one| (&one.version, one.operator != Operator::Less));
        let lowest = lower.map(|one| match one.operator {
            Operator::Greater => successor(&one.version),
            _ => one.version.to_string(),
        });
        let highest = upper.map(|one| (one.operator == Operator::Less, one.version.to_string()));
        let above = match highest {
            None => Bound::Unbounded,
            Some((true, version)) => Bound::Excluded(version),
            Some((false, version)) => Bound::Included(version),
        };
        (lowest, above)
    }

    /// Returns the indices for which the comparators hold, in a list of `count` versions in ascending order.
    pub fn bounds<'v>(&self, count: u32, version: impl Fn(u32) -> Option<&'v Version>) -> Range<u32> {
        let first = |passed: &dyn Fn(Ordering) -> bool, bound: &Version| {
            let (mut low, mut high) = (0, count);
            while low < high {
                let middle = low.midpoint(high);
                let is_passed = version(middle).is_some_and(|version| passed(version.cmp(bound)));
                (low, high) = if is_passed { (middle + 1, high) } else { (low, middle) };
            }
            low
        };
        self.0.iter().fold(0..count, |bounds, Comparator { operator, version }| {
            let not_below = || first(&Ordering::is_lt, version);
            let above = || first(&Ordering::is_le, version);
            let held = match operator {
                Operator::Less => 0..not_below(),
                Operator::LessOrEqual => 0..above(),
                Operator::Equal => not_below()..above(),
                Operator::GreaterOrEqual => not_below()..count,
                Operator::Greater => above()..count,
            };
            bounds.start.max(held.start)..bounds.end.min(held.end)
        })
    }
}

impl Comparator {
    fn is_lower_bound(&self) -> bool {
        matches!(self.operator, Operator::Equal | Operator::GreaterOrEqual | Operator::Greater)
    }

    fn is_upper_bound(&self) -> bool {
        matches!(self.operator, Operator::Equal | Operator::LessOrEqual | Operator::Less)
    }

    fn new(operator: Operator, version: Version) -> Self {
        Self { operator, version }
    }

    fn admits(&self, version: &Version) -> bool {
        let order = version.cmp(&self.version);
        match self.operator {
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Equal => order.is_eq(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Greater => order.is_gt(),
        }
    }

    fn names_prerelease_of(&self, version: &Version) -> bool {
        !self.version.pre.is_empty()
            && (self.version.major, self.version.minor, self.version.patch)
                == (version.major, version.minor, version.patch)
    }
}

/// Returns the lowest version above another one: `1.2.4-0` for 1.2.3, `1.2.3-rc.1.0` for 1.2.3-rc.1.
fn successor(version: &Version) -> String {
    let Version { major, minor, patch, pre, .. } = version;
    if pre.is_empty() {
        return format!("{major}.{minor}.{}-0", patch.saturating_add(1));
    }
    format!("{major}.{minor}.{patch}-{}.0", pre.join("."))
}

impl FromStr for NpmRange {
    type Err = RangeError;

    /// Parses as npm does: a text without a valid comparator is a dist-tag, and invalid comparators beside valid ones are ignored.
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let alternatives = parse::parse_alternatives(text);
        let tag = text.trim();
        if alternatives.is_none() && !tag.chars().all(is_tag_character) {
            return Err(RangeError::new("npm", text, "it is neither a range like `^1.2` nor a dist-tag like `next`"));
        }
        let alternatives = alternatives.map(|sets| sets.into_iter().map(Alternative).collect());
        Ok(Self { text: text.into(), alternatives })
    }
}

/// npm requires that a tag needs no escaping in a URL.
fn is_tag_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.!~*'()".contains(c)
}

impl PartialEq for NpmRange {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for NpmRange {}

impl fmt::Display for NpmRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &str, inside: &[&str], outside: &[&str]) {
        let parsed: NpmRange = range.parse().unwrap();
        assert_eq!(parsed.tag(), None, "{range}");
        for version in inside {
            assert!(parsed.matches(&parse_npm_version(version).unwrap()), "{range} takes {version}");
        }
        for version in outside {
            assert!(!parsed.matches(&parse_npm_version(version).unwrap()), "{range} does not take {version}");
        }
    }

    #[test]
    fn carets_keep_the_first_part_that_is_not_zero() {
        check("^1.4", &["1.4.0", "1.9.3"], &["1.3.9", "2.0.0", "2.0.0-rc.1", "1.5.0-rc.1"]);
        check("^0.4.1", &["0.4.1", "0.4.7"], &["0.4.0", "0.5.0"]);
        check("^0.0.4", &["0.0.4"], &["0.0.5"]);
        check("^0", &["0.9.1"], &["1.0.0"]);
        check("^x", &["7.0.0"], &["7.0.0-a"]);
    }

    #[test]
    fn partial_versions_stand_for_all_that_begin_so() {
        check(">4.5", &["4.6.0"], &["4.5.9", "4.6.0-a"]);
        check("<=4.5", &["4.5.9", "0.1.0"], &["4.6.0"]);
        check("<4.x", &["3.9.9"], &["4.0.0", "4.0.0-a"]);
        check("1.5 - 2", &["1.5.0", "2.8.1"], &["1.4.9", "3.0.0"]);
        check(">x", &[], &["0.0.0", "9.0.0"]);
        check("", &["1.0.0"], &["1.0.0-a"]);
    }

    #[test]
    fn ranges_intersect_where_their_bounds_do() {
        let intersect = |one: &str, other: &str| {
            let (one, other) = (one.parse::<NpmRange>().unwrap(), other.parse::<NpmRange>().unwrap());
            assert_eq!(one.intersects(&other), other.intersects(&one), "{one:?} {other:?}");
            one.intersects(&other)
        };
        for (one, other) in
            [("^8.1", "8"), ("<3", ">=2.9.9"), ("1.2.3", "^1"), ("*", "7"), ("^1 || ^3", "3.x"), ("<=2", "2.0.0")]
        {
            assert!(intersect(one, other), "{one} and {other}");
        }
        for (one, other) in
            [("^8.1", "6"), ("<3", ">=3"), ("1.2.3", "1.2.4"), (">1.0.0", "1.0.0"), ("^1 || ^3", "2"), ("latest", "*")]
        {
            assert!(!intersect(one, other), "{one} and {other}");
        }
    }

    #[test]
    fn a_prerelease_is_taken_only_beside_one_of_its_own_release() {
        check(">=3.0.0-beta.2", &["3.0.0-beta.10", "3.0.0", "4.0.0"], &["3.0.0-beta.1", "3.0.1-beta.5"]);
        check("^3.0.0-beta || *", &["2.0.0"], &["3.0.0-gamma"]);
    }

    #[test]
    fn loose_spellings_are_read_as_npm_reads_them() {
        check("~> 2.1", &["2.1.6"], &["2.2.0"]);
        check("= v2.1.0", &["2.1.0"], &["2.1.1"]);
        check(">= 02.01.0beta <2.2", &["2.1.0-beta", "2.1.3"], &["2.2.0"]);
        check("2.1.0+one >=2.0+two", &["2.1.0"], &["2.1.1"]);
        check("nonsense || ^2", &["2.1.0"], &["3.0.0"]);
    }

    #[test]
    fn what_is_no_range_is_a_tag_or_an_error() {
        assert_eq!("latest".parse::<NpmRange>().unwrap().tag(), Some("latest"));
        assert_eq!("x.1".parse::<NpmRange>().unwrap().tag(), Some("x.1"));
        assert!("git+https://host/x".parse::<NpmRange>().is_err());
        assert!("one two".parse::<NpmRange>().is_err());
    }

    #[test]
    fn bounds_hold_what_matches() {
        let mut versions: Vec<Version> = Vec::new();
        for (major, minor, patch) in (0..4).flat_map(|a| (0..3).flat_map(move |b| (0..3).map(move |c| (a, b, c)))) {
            for pre in ["", "-0", "-alpha.1", "-alpha.10", "-rc"] {
                versions.push(parse_npm_version(&format!("{major}.{minor}.{patch}{pre}")).unwrap());
            }
        }
        versions.sort();
        for range in [
            "*",
            "",
            "x",
            "^1",
            "~1.2",
            "1.2.1",
            "=1.2.1-rc",
            ">1.1",
            "<=2.1.1-alpha.2",
            ">=1.0.0-alpha.3 <2",
            "<0.0.0-0",
            "^1 || ^3",
            "2 || 1.2.x || 2",
            ">2 <1",
            "1.0.1 - 2.1",
            "^0.0.1-rc || >3.2.1",
            "latest",
        ] {
            let range: NpmRange = range.parse().unwrap();
            let at = |place: u32| versions.get(place as usize);
            let mut within: Vec<u32> = Vec::new();
            for alternative in range.alternatives() {
                let bounds = alternative.bounds(versions.len() as u32, at);
                within.extend(
                    bounds.filter(|&place| at(place).is_some_and(|version| alternative.admits_kind_of(version))),
                );
            }
            within.sort_unstable();
            within.dedup();
            let matching = (0..).zip(&versions).filter(|(_, version)| range.matches(version)).map(|(place, _)| place);
            assert_eq!(within, matching.collect::<Vec<u32>>(), "{range}");
        }
    }
}
