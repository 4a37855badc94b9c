//! npm's ranges: node-semver's grammar as npm reads it, which is loosely.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use deno_semver::Version;

use super::{Ecosystem, RangeError};

/// An npm range or dist-tag: all of node-semver's grammar. Equality is that of the text.
#[derive(Clone, Debug)]
pub struct NpmRange {
    text: Arc<str>,
    /// The alternatives of the range; none for a dist-tag.
    alternatives: Option<Arc<[Alternative]>>,
}

/// One side of a `||`: comparators that must all hold. Without any it is `*`.
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
    /// Returns the range as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the dist-tag, where this is one and not a range.
    pub fn tag(&self) -> Option<&str> {
        self.alternatives.is_none().then(|| self.text.trim())
    }

    /// Tells whether a version lies within the range. A pre-release does so only where an alternative names a
    /// pre-release of the same major, minor and patch. A dist-tag matches nothing: what it stands for is in the
    /// registry's answer.
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives().iter().any(|alternative| alternative.matches(version))
    }

    /// Returns the sides of the range; none for a dist-tag.
    pub fn alternatives(&self) -> &[Alternative] {
        self.alternatives.as_deref().unwrap_or_default()
    }
}

impl Alternative {
    fn matches(&self, version: &Version) -> bool {
        self.0.iter().all(|comparator| comparator.admits(version)) && self.admits_kind_of(version)
    }

    /// Tells whether a version that lies within the bounds is admitted: a pre-release has to be asked for.
    pub fn admits_kind_of(&self, version: &Version) -> bool {
        version.pre.is_empty() || self.0.iter().any(|comparator| comparator.names_prerelease_of(version))
    }

    /// Returns the places between which the comparators hold, in a list of `count` versions in ascending order.
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

impl FromStr for NpmRange {
    type Err = RangeError;

    /// Parses as npm does: what is no range in any part is a dist-tag, if it could be one; in a range, what makes no
    /// sense beside what does is ignored.
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let alternatives = parse_alternatives(text);
        let tag = text.trim();
        if alternatives.is_none() && !tag.chars().all(is_tag_character) {
            return Err(RangeError {
                text: text.to_owned(),
                ecosystem: Ecosystem::Npm,
                reason: "it is neither a range like `^1.2` nor a dist-tag like `next`".to_owned(),
            });
        }
        let alternatives = alternatives.map(|sets| sets.into_iter().map(Alternative).collect());
        Ok(Self { text: text.into(), alternatives })
    }
}

/// npm asks that a tag needs no escaping in a URL.
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

/// Parses a version as npm reads it: `v1.2.3`, `=1.2.3` and `1.2.3beta` are versions too.
pub(super) fn parse_npm_version(text: &str) -> Option<Version> {
    let text = text.trim();
    let (head, build) = text.split_once('+').map_or((text, None), |(head, build)| (head, Some(build)));
    let mut version = Partial::parse(head.trim_start_matches(['v', '=', ' ']))?.exact()?;
    if let Some(build) = build {
        version.build = identifiers(build)?;
    }
    Some(version)
}

fn parse_alternatives(text: &str) -> Option<Vec<ComparatorSet>> {
    let mut sets: Vec<_> = text.split("||").filter_map(parse_set).collect();
    // `*` beside others swallows them, and with them the pre-releases that they name.
    if let Some(any) = sets.iter().position(Vec::is_empty) {
        sets = vec![sets.swap_remove(any)];
    }
    (!sets.is_empty()).then_some(sets)
}

/// Parses one alternative. None where nothing in it is a comparator.
fn parse_set(text: &str) -> Option<ComparatorSet> {
    let text = without_builds(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [] => return Some(Vec::new()),
        [word] => return simple(word).map(without_trivial),
        _ => {}
    }
    if let [from, "-", to] = words[..]
        && let Some(set) = hyphen(from, to)
    {
        return Some(without_trivial(set));
    }
    let mut understood = false;
    let mut set = Vec::new();
    for word in joined(&words) {
        if let Some(comparators) = simple(&word) {
            understood = true;
            set.extend(comparators);
        }
    }
    understood.then(|| without_trivial(set))
}

/// Removes `>=0.0.0`, which node-semver takes for `*`: beside a named pre-release of 0.0.0 that makes a difference.
fn without_trivial(mut set: ComparatorSet) -> ComparatorSet {
    let trivial = Comparator::new(Operator::GreaterOrEqual, release(0, 0, 0));
    set.retain(|comparator| *comparator != trivial);
    set
}

/// Removes build metadata, which never takes part in a comparison.
fn without_builds(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(plus) = rest.find('+') {
        let build = &rest[plus + 1..];
        let length = build.find(|c| !is_identifier_character(c) && c != '.').unwrap_or(build.len());
        let length = build[..length].trim_end_matches('.').len();
        kept.push_str(&rest[..plus + usize::from(length == 0)]);
        rest = &build[length..];
    }
    kept + rest
}

/// Joins an operator that stands alone with the version that follows: `>= 1.2`, `~ 1`, `^ 1.0`.
fn joined(words: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut open = false;
    for word in words {
        match out.last_mut() {
            Some(last) if open => last.push_str(word),
            _ => out.push((*word).to_owned()),
        }
        open = word.chars().all(|c| "<>=~^".contains(c));
    }
    out
}

/// `1.2 - 3.4`: from the first version on, up to all that the second stands for.
fn hyphen(from: &str, to: &str) -> Option<ComparatorSet> {
    let from = Partial::parse(from.trim_start_matches(['v', '=']))?;
    let to = Partial::parse(to.trim_start_matches(['v', '=']))?;
    let mut set = Vec::new();
    if from.major.is_some() {
        set.push(Comparator::new(Operator::GreaterOrEqual, from.lowest()?));
    }
    if let Some(next) = to.after()? {
        set.push(Comparator::new(Operator::Less, next));
    } else if to.major.is_some() {
        set.push(Comparator::new(Operator::LessOrEqual, to.exact()?));
    }
    Some(set)
}

/// One word of a range. None where it makes no sense.
fn simple(word: &str) -> Option<ComparatorSet> {
    if let Some(rest) = word.strip_prefix('^') {
        return Partial::parse(rest.trim_start_matches(['v', '=']))?.caret();
    }
    if let Some(rest) = word.strip_prefix('~') {
        let rest = rest.strip_prefix('>').unwrap_or(rest);
        return Partial::parse(rest.trim_start_matches(['v', '=']))?.tilde();
    }
    let (operator, rest) = [
        ("<=", Operator::LessOrEqual),
        ("<", Operator::Less),
        (">=", Operator::GreaterOrEqual),
        (">", Operator::Greater),
    ]
    .into_iter()
    .find_map(|(sign, operator)| word.strip_prefix(sign).map(|rest| (operator, rest)))
    .unwrap_or((Operator::Equal, word));
    Partial::parse(rest.trim_start_matches(['v', '=']))?.compared(operator)
}

/// A version of which the last parts may be missing or `x`.
struct Partial {
    major: Option<u64>,
    minor: Option<u64>,
    patch: Option<u64>,
    /// Whether a number follows an `x`: `x.1`, `1.x.3`.
    disordered: bool,
    pre: Vec<deno_semver::SmallStackString>,
}

impl Partial {
    fn parse(text: &str) -> Option<Self> {
        let (major, rest) = part(text)?;
        let (mut minor, mut patch, mut pre) = (None, None, Vec::new());
        let mut rest = rest;
        if let Some(after) = rest.strip_prefix('.') {
            (minor, rest) = part(after)?;
            if let Some(after) = rest.strip_prefix('.') {
                (patch, rest) = part(after)?;
                if !rest.is_empty() {
                    let hyphenless = rest.strip_prefix('-').filter(|rest| !rest.is_empty());
                    pre = identifiers(hyphenless.unwrap_or(rest))?.to_vec();
                    rest = "";
                }
            }
        }
        if !rest.is_empty() {
            return None;
        }
        let disordered = (major.is_none() && minor.is_some()) || (minor.is_none() && patch.is_some());
        Some(Self { major, minor, patch, disordered, pre })
    }

    /// The version itself, where all its parts are given.
    fn exact(&self) -> Option<Version> {
        let (major, minor, patch) = (self.major?, self.minor?, self.patch?);
        Some(Version { major, minor, patch, pre: self.pre.iter().cloned().collect(), ..Version::default() })
    }

    /// The first version that it stands for.
    fn lowest(&self) -> Option<Version> {
        let major = self.major?;
        Some(match (self.minor, self.patch) {
            (None, _) => release(major, 0, 0),
            (Some(minor), None) => release(major, minor, 0),
            (Some(_), Some(_)) => self.exact()?,
        })
    }

    /// Where what it stands for ends, if it stands for more than one version. None on overflow.
    #[allow(clippy::option_option)] // "no version is that high" and "nothing lies beyond" are two things
    fn after(&self) -> Option<Option<Version>> {
        Some(match (self.major, self.minor, self.patch) {
            (Some(major), None, _) => Some(before(next(major)?, 0, 0)),
            (Some(major), Some(minor), None) => Some(before(major, next(minor)?, 0)),
            _ => None,
        })
    }

    /// `^1.2`: all up to the next change of the first part that is not zero.
    fn caret(&self) -> Option<ComparatorSet> {
        let Some(major) = self.major else { return Some(Vec::new()) };
        let end = match (self.minor, self.patch) {
            (None, _) => before(next(major)?, 0, 0),
            _ if major > 0 => before(next(major)?, 0, 0),
            (Some(0), Some(patch)) => before(0, 0, next(patch)?),
            (Some(minor), _) => before(0, next(minor)?, 0),
        };
        Some(vec![Comparator::new(Operator::GreaterOrEqual, self.lowest()?), Comparator::new(Operator::Less, end)])
    }

    /// `~1.2`: all of that minor version; of that major one where no minor is given.
    fn tilde(&self) -> Option<ComparatorSet> {
        let Some(major) = self.major else { return Some(Vec::new()) };
        let end = match self.minor {
            None => before(next(major)?, 0, 0),
            Some(minor) => before(major, next(minor)?, 0),
        };
        Some(vec![Comparator::new(Operator::GreaterOrEqual, self.lowest()?), Comparator::new(Operator::Less, end)])
    }

    fn compared(&self, operator: Operator) -> Option<ComparatorSet> {
        if self.disordered {
            return None;
        }
        if self.major.is_none() {
            let nothing = Comparator::new(Operator::Less, before(0, 0, 0));
            return Some(match operator {
                Operator::Less | Operator::Greater => vec![nothing],
                _ => Vec::new(),
            });
        }
        let Some(end) = self.after()? else {
            return Some(vec![Comparator::new(operator, self.exact()?)]);
        };
        let start = self.lowest()?;
        Some(match operator {
            Operator::Equal => {
                vec![Comparator::new(Operator::GreaterOrEqual, start), Comparator::new(Operator::Less, end)]
            }
            Operator::GreaterOrEqual => vec![Comparator::new(operator, start)],
            Operator::Greater => {
                vec![Comparator::new(Operator::GreaterOrEqual, release(end.major, end.minor, end.patch))]
            }
            Operator::LessOrEqual => vec![Comparator::new(Operator::Less, end)],
            Operator::Less => vec![Comparator::new(operator, before(start.major, start.minor, start.patch))],
        })
    }
}

/// The largest number that node-semver takes.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Parses a number or an `x` (which is none), and returns what follows.
fn part(text: &str) -> Option<(Option<u64>, &str)> {
    if let Some(rest) = text.strip_prefix(['x', 'X', '*']) {
        return Some((None, rest));
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..end].parse().ok().filter(|&number| number <= MAX_NUMBER)?;
    Some((Some(number), &text[end..]))
}

fn next(number: u64) -> Option<u64> {
    (number < MAX_NUMBER).then_some(number + 1)
}

fn is_identifier_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// Parses dot-separated identifiers; numbers lose their leading zeros, so that `01` and `1` are one.
fn identifiers(text: &str) -> Option<deno_semver::CowVec<deno_semver::SmallStackString>> {
    text.split('.')
        .map(|part| {
            let valid = !part.is_empty() && part.chars().all(is_identifier_character);
            let numeric = part.bytes().all(|b| b.is_ascii_digit());
            let part = if numeric { part.trim_start_matches('0') } else { part };
            let part = if part.is_empty() { "0" } else { part };
            valid.then(|| deno_semver::SmallStackString::from_str(part))
        })
        .collect()
}

fn release(major: u64, minor: u64, patch: u64) -> Version {
    Version { major, minor, patch, ..Version::default() }
}

/// The lowest version of a release, below all its pre-releases: `2.0.0-0`.
fn before(major: u64, minor: u64, patch: u64) -> Version {
    let zero = deno_semver::SmallStackString::from_static("0");
    Version { pre: std::iter::once(zero).collect(), ..release(major, minor, patch) }
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
