//! The parser of npm's ranges and versions: node-semver's grammar, and npm's loose spellings.

use deno_semver::Version;

use super::{Comparator, ComparatorSet, Operator};

/// Parses a version in npm's loose mode: `v1.2.3`, `=1.2.3` and `1.2.3beta` are versions too. Returns `None` if the text is not a
/// version.
pub fn parse_npm_version(text: &str) -> Option<Version> {
    let text = text.trim();
    let (head, build) = text.split_once('+').map_or((text, None), |(head, build)| (head, Some(build)));
    let mut version = Partial::parse(head.trim_start_matches(['v', '=', ' ']))?.exact()?;
    if let Some(build) = build {
        version.build = identifiers(build)?;
    }
    Some(version)
}

pub(super) fn parse_alternatives(text: &str) -> Option<Vec<ComparatorSet>> {
    let mut sets: Vec<_> = text.split("||").filter_map(parse_set).collect();
    // `*` includes all other alternatives; the pre-releases that they name do not count.
    if let Some(any) = sets.iter().position(Vec::is_empty) {
        sets = vec![sets.swap_remove(any)];
    }
    (!sets.is_empty()).then_some(sets)
}

/// Parses one alternative. Returns `None` if it has no valid comparator.
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

/// Removes `>=0.0.0`, which node-semver treats as `*`. It differs from `*` beside a pre-release of 0.0.0.
fn without_trivial(mut set: ComparatorSet) -> ComparatorSet {
    let trivial = Comparator::new(Operator::GreaterOrEqual, release(0, 0, 0));
    set.retain(|comparator| *comparator != trivial);
    set
}

/// Removes build metadata, which comparisons ignore.
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

/// Joins an operator with the version that follows it after a space: `>= 1.2`, `~ 1`, `^ 1.0`.
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

/// Parses `1.2 - 3.4`: from the first version to the last version that the second stands for.
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

/// Parses one comparator. Returns `None` if it is invalid.
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

/// A version whose last parts may be missing or `x`.
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

    /// Returns the version, if it has all parts.
    fn exact(&self) -> Option<Version> {
        let (major, minor, patch) = (self.major?, self.minor?, self.patch?);
        Some(Version { major, minor, patch, pre: self.pre.iter().cloned().collect(), ..Version::default() })
    }

    /// Returns the lowest version that it stands for.
    fn lowest(&self) -> Option<Version> {
        let major = self.major?;
        Some(match (self.minor, self.patch) {
            (None, _) => release(major, 0, 0),
            (Some(minor), None) => release(major, minor, 0),
            (Some(_), Some(_)) => self.exact()?,
        })
    }

    /// Returns the exclusive upper bound, if it stands for several versions. Returns `None` on overflow.
    #[allow(clippy::option_option)] // "no version is that high" and "nothing lies beyond" are two things
    fn after(&self) -> Option<Option<Version>> {
        Some(match (self.major, self.minor, self.patch) {
            (Some(major), None, _) => Some(before(next(major)?, 0, 0)),
            (Some(major), Some(minor), None) => Some(before(major, next(minor)?, 0)),
            _ => None,
        })
    }

    /// Returns the comparators of `^1.2`: up to the next change of the first part that is not zero.
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

    /// Returns the comparators of `~1.2`: the minor version, or the major version if there is no minor one.
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

/// The largest number that node-semver accepts.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// Parses a number, or an `x` as `None`. Returns it with the remaining text.
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

/// Parses identifiers separated by dots. Leading zeros of numbers are removed, so that `01` and `1` are equal.
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

/// Returns the lowest pre-release of a release: `2.0.0-0`.
fn before(major: u64, minor: u64, patch: u64) -> Version {
    let zero = deno_semver::SmallStackString::from_static("0");
    Version { pre: std::iter::once(zero).collect(), ..release(major, minor, patch) }
}
