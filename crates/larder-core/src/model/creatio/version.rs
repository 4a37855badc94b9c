//! The versions of Creatio packages: up to four numbers and a suffix, in NuGet's order.
//!
//! Source: NuGet's documentation of package versioning; SemVer 2, section 11, for suffixes.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// The most characters of a version: it is a part of file names.
const LONGEST: usize = 64;

/// The largest number: NuGet's are 32 bits with a sign.
const LARGEST: u32 = i32::MAX as u32;

/// The version of a Creatio package. `1.0`, `1.0.0` and `1.0.0.0` are one version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CreatioVersion(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// A text that is not made of numbers: it equals itself, and its place among others is arbitrary.
    Named(Arc<str>),
    Numbered {
        numbers: [u32; 4],
        suffix: Option<Arc<str>>,
    },
}

impl CreatioVersion {
    /// Parses a version.
    ///
    /// # Errors
    /// The reason why `text` is not a version.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".to_owned());
        }
        if text.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} characters"));
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || "._-+".contains(c)) || !text.starts_with(is_plain) {
            return Err("it has other characters than letters, digits, `.`, `_`, `-` and `+`".to_owned());
        }
        if text.contains("..") || text.ends_with(['.', '-', '+']) {
            return Err("a part of it is empty".to_owned());
        }
        Ok(numbered(text).unwrap_or_else(|| Self(Form::Named(text.into()))))
    }

    /// Returns the version of a package that states none.
    pub fn unversioned() -> Self {
        Self(Form::Numbered { numbers: [0; 4], suffix: None })
    }

    /// Returns whether it is made of numbers, so that it is before or after others.
    pub fn is_numeric(&self) -> bool {
        matches!(self.0, Form::Numbered { .. })
    }

    /// Returns whether it has a suffix, as `1.0.0-rc` has.
    pub fn is_prerelease(&self) -> bool {
        matches!(&self.0, Form::Numbered { suffix: Some(_), .. })
    }

    /// Returns the first version whose number at `place` is the next one: of `1.4` at 0 that is `2.0.0`.
    pub(super) fn next_at(&self, place: usize) -> Option<Self> {
        let Form::Numbered { mut numbers, .. } = self.0 else { return None };
        let number = numbers.get_mut(place)?;
        *number = number.checked_add(1)?;
        numbers.iter_mut().skip(place + 1).for_each(|number| *number = 0);
        Some(Self(Form::Numbered { numbers, suffix: None }))
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// Parses `1.4`, `1.4.0.7`, `1.4.0-RC.1`. NuGet drops what follows a `+`, and case does not count in suffixes.
fn numbered(text: &str) -> Option<CreatioVersion> {
    let text = text.split('+').next()?;
    let (numbers, suffix) = match text.split_once('-') {
        Some((numbers, suffix)) => (numbers, Some(suffix)),
        None => (text, None),
    };
    let mut found = [0; 4];
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.len() > found.len() {
        return None;
    }
    for (place, part) in found.iter_mut().zip(parts) {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        *place = part.parse().ok().filter(|number| is_number && *number <= LARGEST)?;
    }
    let is_suffix = |suffix: &str| {
        suffix.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    };
    if suffix.is_some_and(|suffix| !is_suffix(suffix)) {
        return None;
    }
    Some(CreatioVersion(Form::Numbered { numbers: found, suffix: suffix.map(|text| text.to_ascii_lowercase().into()) }))
}

impl Ord for CreatioVersion {
    /// Compares as NuGet does; texts that are not made of numbers come first.
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Form::Named(a), Form::Named(b)) => a.cmp(b),
            (Form::Named(_), Form::Numbered { .. }) => Ordering::Less,
            (Form::Numbered { .. }, Form::Named(_)) => Ordering::Greater,
            (Form::Numbered { numbers: a, suffix: s }, Form::Numbered { numbers: b, suffix: t }) => {
                a.cmp(b).then_with(|| match (s, t) {
                    (None, None) => Ordering::Equal,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(_), None) => Ordering::Less,
                    // `rc.1` and `rc.01` are equal there, and two versions here.
                    (Some(s), Some(t)) => compare_suffixes(s, t).then_with(|| s.cmp(t)),
                })
            }
        }
    }
}

impl PartialOrd for CreatioVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares part by part: numbers by value and before words.
fn compare_suffixes(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (one, other) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(other)) => (one, other),
        };
        let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u64>().ok())?;
        let order = match (number(one), number(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => one.cmp(other),
        };
        if order.is_ne() {
            return order;
        }
    }
}

impl fmt::Display for CreatioVersion {
    /// Writes NuGet's normal form: three numbers, and the fourth unless it is zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Named(text) => f.write_str(text),
            Form::Numbered { numbers: [major, minor, patch, revision], suffix } => {
                write!(f, "{major}.{minor}.{patch}")?;
                if *revision != 0 {
                    write!(f, ".{revision}")?;
                }
                suffix.as_ref().map_or(Ok(()), |suffix| write!(f, "-{suffix}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> CreatioVersion {
        CreatioVersion::parse(text).unwrap()
    }

    #[test]
    fn versions_have_one_normal_form() {
        for (text, normal) in [
            ("1", "1.0.0"),
            ("7.8", "7.8.0"),
            ("1.0.0.0", "1.0.0"),
            ("1.0.0.4", "1.0.0.4"),
            ("01.002.3", "1.2.3"),
            ("1.0-rc", "1.0.0-rc"),
            ("1.0.0-RC.1+build", "1.0.0-rc.1"),
            ("2147483647.0", "2147483647.0.0"),
            ("1.0.0_x", "1.0.0_x"),
            ("R2.b_1", "R2.b_1"),
            ("1.2.3.4.5", "1.2.3.4.5"),
            ("2147483648.0", "2147483648.0"),
        ] {
            assert_eq!(version(text).to_string(), normal, "{text}");
        }
        assert_eq!(version("1.0"), version("1.0.0.0"));
        assert_eq!(version("1.0.0-RC"), version("1.0-rc"));
        let long = "1".repeat(65);
        for text in ["", " 1", "1 ", "-1", "1..2", "1.", "1.0-", "é", "1/2", &long] {
            assert!(CreatioVersion::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_in_the_order_of_nuget() {
        let ascending = [
            "R1",
            "R2",
            "0.0.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-RC.1",
            "1.0.0-rc.2",
            "1.0.0",
            "1.0.0.1",
            "1.0.1",
            "1.2",
            "1.10",
        ];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        assert!(version("1.0-rc").is_prerelease() && !version("1.0").is_prerelease() && !version("R1").is_numeric());
        assert_eq!(version("1.0-RC").cmp(&version("1.0-rc")), Ordering::Equal);
    }
}
