//! PEP 508 markers, and the Python version that they are evaluated for.

mod expression;
mod parse;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use expression::{Expression, MarkerEnvironment, MarkerVariable};

use super::{ExtraName, Os, Platform};

/// A condition on platform, interpreter and extras, evaluated as `packaging` does. The default always holds. Markers are equal if
/// they are written alike, ignoring white space and quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Marker(Option<Arc<Expression>>);

/// A text that is not a marker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a marker: {reason}")]
pub struct MarkerError {
    /// The text as given.
    pub text: String,
    /// The parser's message.
    pub reason: String,
}

impl Marker {
    /// Returns whether there is no condition.
    pub fn is_always(&self) -> bool {
        self.0.is_none()
    }

    /// Returns whether the condition holds on `platform` for `python` with any one of `extras`, as pip decides it. If `extras`
    /// is empty, no extra is asked for.
    pub fn holds(&self, platform: Platform, python: &PythonVersion, extras: &[ExtraName]) -> bool {
        let Some(expression) = &self.0 else { return true };
        let full = format!("{}.{}.{}", python.major, python.minor, python.patch);
        let short = format!("{}.{}", python.major, python.minor);
        let (os_name, sys_platform, platform_system) = match platform.os() {
            Os::Linux => ("posix", "linux", "Linux"),
            Os::Macos => ("posix", "darwin", "Darwin"),
            Os::Windows => ("nt", "win32", "Windows"),
        };
        let with = |extra: &str| {
            expression.holds(&MarkerEnvironment {
                os_name,
                sys_platform,
                platform_machine: platform.machine(),
                platform_system,
                python_version: &short,
                python_full_version: &full,
                extra,
            })
        };
        if extras.is_empty() { with("") } else { extras.iter().any(|extra| with(extra.as_str())) }
    }

    /// Returns the condition that an extra is asked for.
    pub fn of_extra(extra: &ExtraName) -> Self {
        // The name of an extra has no quotes, so that the text is a marker.
        format!("extra == '{extra}'").parse().unwrap_or_default()
    }

    /// Returns the extras that the condition names.
    pub fn extras(&self) -> BTreeSet<ExtraName> {
        let mut extras = BTreeSet::new();
        if let Some(expression) = &self.0 {
            expression.visit(&mut |comparison| {
                if comparison.variable == MarkerVariable::Extra {
                    extras.extend(comparison.literal.parse::<ExtraName>());
                }
            });
        }
        extras
    }

    /// Returns what is left of the condition where an extra is asked for. `None`: it does not hold there.
    pub fn with_extra(&self, extra: &ExtraName) -> Option<Self> {
        let Some(expression) = &self.0 else { return Some(Self::default()) };
        match expression.decided(&|comparison| comparison.holds_with_extra(extra.as_str())) {
            Ok(rest) => Some(Self(Some(Arc::new(rest)))),
            Err(holds) => holds.then(Self::default),
        }
    }

    /// Returns whether both conditions hold on no platform, for no Python and no extra. Tries the Pythons at and around the
    /// versions that the conditions name, where their results change.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        let extras: Vec<Option<ExtraName>> =
            self.extras().union(&other.extras()).cloned().map(Some).chain([None]).collect();
        let mut pythons = self.pythons();
        pythons.extend(other.pythons());
        !pythons.iter().any(|python| {
            Platform::ALL.into_iter().any(|platform| {
                extras.iter().any(|extra| {
                    self.holds(platform, python, extra.as_slice()) && other.holds(platform, python, extra.as_slice())
                })
            })
        })
    }

    /// Returns the Pythons at and around the versions that the condition names.
    fn pythons(&self) -> BTreeSet<PythonVersion> {
        let mut pythons = BTreeSet::from([PythonVersion { major: 3, minor: 12, patch: 0 }]);
        if let Some(expression) = &self.0 {
            expression.visit(&mut |comparison| {
                if !comparison.variable.is_version() {
                    return;
                }
                for version in comparison.literal.split(|c: char| !c.is_ascii_digit() && c != '.') {
                    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
                    let Some(major) = numbers.next() else { continue };
                    let (minor, patch) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
                    for minor in minor.saturating_sub(1)..=minor.saturating_add(1) {
                        for patch in [0, patch.saturating_sub(1), patch, patch.saturating_add(1)] {
                            pythons.insert(PythonVersion { major, minor, patch });
                        }
                    }
                }
            });
        }
        pythons
    }

    /// Returns the condition that holds where this one does not. `None`: no marker says that, as of one that always holds.
    pub fn negated(&self) -> Option<Self> {
        self.0.as_ref()?.negated()?.parse().ok()
    }

    /// Returns whether it holds nowhere: [`Self::is_disjoint`] tells how that is tried.
    pub fn is_never(&self) -> bool {
        self.is_disjoint(&Self::default())
    }

    /// Returns the conjunction of both conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let parts = |marker: Self| match marker.0.map(Arc::unwrap_or_clone) {
            None => Vec::new(),
            Some(Expression::All(parts)) => parts,
            Some(one) => vec![one],
        };
        let mut all = parts(self);
        all.extend(parts(other));
        if all.is_empty() { Self(None) } else { Self(Some(Arc::new(Expression::all(all)))) }
    }
}

impl FromStr for Marker {
    type Err = MarkerError;

    /// Parses a marker. An empty text is the marker that always holds.
    fn from_str(text: &str) -> Result<Self, MarkerError> {
        if text.trim().is_empty() {
            return Ok(Self(None));
        }
        parse::parse(text)
            .map(|expression| Self(Some(Arc::new(expression))))
            .map_err(|reason| MarkerError { text: text.to_owned(), reason })
    }
}

impl fmt::Display for Marker {
    /// Writes nothing for the marker that always holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(expression) => expression.fmt(f),
            None => Ok(()),
        }
    }
}

/// The Python that a manifest declares: `3.12` stands for 3.12.0 and later patches, and markers see 3.12.0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PythonVersion {
    /// 3
    pub major: u32,
    /// 12
    pub minor: u32,
    /// 0, unless the manifest names a patch.
    pub patch: u32,
}

impl PythonVersion {
    /// Returns the version that markers and `requires-python` are compared with.
    pub fn full(&self) -> pep440_rs::Version {
        pep440_rs::Version::new([u64::from(self.major), u64::from(self.minor), u64::from(self.patch)])
    }
}

impl FromStr for PythonVersion {
    type Err = MarkerError;

    fn from_str(text: &str) -> Result<Self, MarkerError> {
        let error = |reason: &str| MarkerError { text: text.to_owned(), reason: reason.to_owned() };
        let mut parts = text.split('.').map(str::parse::<u32>);
        let mut next = || parts.next().transpose().map_err(|_| error("a Python version is written like `3.12`"));
        let (major, minor, patch) = (next()?, next()?, next()?);
        match (major, minor) {
            (Some(major), Some(minor)) if parts.next().is_none() => {
                Ok(Self { major, minor, patch: patch.unwrap_or(0) })
            }
            _ => Err(error("a Python version is written like `3.12`")),
        }
    }
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(text: &str) -> bool {
        let marker: Marker = text.parse().unwrap();
        assert_eq!(marker.to_string().parse::<Marker>().as_ref(), Ok(&marker), "{text} survives being written");
        let python = PythonVersion { major: 3, minor: 12, patch: 0 };
        marker.holds(Platform::LinuxX64, &python, &["fast".parse().unwrap()])
    }

    #[test]
    fn markers_see_the_platform_and_the_first_patch() {
        assert!(holds("sys_platform == 'linux' and python_version >= '3.12'"));
        assert!(holds("python_full_version == '3.12.0'"));
        assert!(!holds("platform_machine == 'arm64'"));
        assert!(!holds("extra == 'test'"));
    }

    #[test]
    fn versions_are_compared_as_versions_from_either_side() {
        assert!(holds("python_version > '3.9'"));
        assert!(holds("'3.9' < python_version"));
        assert!(holds("python_version == '3.12.*'"));
        assert!(!holds("python_version ~= '2.6'"));
        assert!(holds("python_version in '2.7, 3.12'"));
        assert!(holds("python_version not in '2.7, 3.1'"));
    }

    #[test]
    fn texts_have_no_order() {
        assert!(!holds("platform_machine > 'a'"));
        assert!(!holds("platform_machine < 'z'"));
        assert!(holds("platform_machine >= 'x86_64'"));
        assert!(!holds("platform_system ~= 'Linux'"));
        assert!(holds("'x86' in platform_machine"));
    }

    #[test]
    fn extras_are_normalised_and_old_names_known() {
        assert!(holds("extra == 'FAST' and os.name == \"posix\""));
        assert!(holds("python_implementation == 'CPython'"));
        let marker: Marker = "extra == 'a_b' or 'c' == extra".parse().unwrap();
        let names: Vec<_> = marker.extras().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["a-b", "c"]);
    }

    #[test]
    fn a_condition_is_decided_by_the_extra_that_is_asked_for() {
        for (text, expected) in [
            ("extra == 'Web_UI'", Some("")),
            ("extra == 'other'", None),
            ("os_name == 'nt' and extra == 'web-ui'", Some("os_name == 'nt'")),
            ("os_name == 'nt' or extra == 'web-ui'", Some("")),
            ("(os_name == 'nt' or os_name == 'posix') and extra != 'x'", Some("os_name == 'nt' or os_name == 'posix'")),
            ("os_name == 'nt' and (extra == 'a' or extra == 'b')", None),
            ("os_name == 'nt'", Some("os_name == 'nt'")),
        ] {
            let rest = text.parse::<Marker>().unwrap().with_extra(&"web-ui".parse().unwrap());
            assert_eq!(rest.map(|rest| rest.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert!(holds("os_name == 'posix' or os_name == 'nt' and os_name == 'java'"));
        assert!(!holds("(os_name == 'posix' or os_name == 'nt') and os_name == 'java'"));
        let joined = "os_name == 'a' or os_name == 'b'".parse::<Marker>().unwrap().and("extra == 'c'".parse().unwrap());
        assert_eq!(joined.to_string(), "(os_name == 'a' or os_name == 'b') and extra == 'c'");
    }

    #[test]
    fn disjoint_conditions_hold_together_nowhere() {
        let disjoint = |a: &str, b: &str| a.parse::<Marker>().unwrap().is_disjoint(&b.parse().unwrap());
        assert!(disjoint("sys_platform == 'win32'", "sys_platform != 'win32'"));
        assert!(disjoint("python_version < '3.9'", "python_version >= '3.9'"));
        assert!(disjoint("python_full_version < '3.9.4'", "python_full_version >= '3.9.4'"));
        assert!(!disjoint("python_full_version <= '3.9.4'", "python_full_version >= '3.9.4'"));
        assert!(!disjoint("sys_platform == 'win32'", "python_version >= '3.9'"));
        assert!(!disjoint("", "sys_platform == 'darwin'"));
    }

    #[test]
    fn a_negated_condition_holds_where_the_other_does_not() {
        for (text, expected) in [
            ("python_version >= '3.12'", Some("python_version < '3.12'")),
            ("os_name == 'nt'", Some("os_name != 'nt'")),
            (
                "sys_platform == 'win32' and (python_version < '3.9' or extra == 'x')",
                Some("sys_platform != 'win32' or (python_version >= '3.9' and extra != 'x')"),
            ),
            ("'x' in platform_machine", Some("'x' not in platform_machine")),
            ("python_version ~= '3.9'", None),
            ("os_name < 'nt'", None),
            ("", None),
        ] {
            let negated = text.parse::<Marker>().unwrap().negated();
            assert_eq!(negated.map(|marker| marker.to_string()).as_deref(), expected, "{text}");
        }
        assert!("python_version < '3.9' and python_version > '3.10'".parse::<Marker>().unwrap().is_never());
    }

    #[test]
    fn what_is_no_marker_says_why() {
        let why = |text: &str| text.parse::<Marker>().unwrap_err().reason;
        assert_eq!(why("sys_platfrom == 'x'"), "`sys_platfrom` is not a variable; `sys_platform` is");
        assert_eq!(why("os_name 'x'"), "an operator is missing: <, <=, ==, !=, >=, >, ~=, ===, in or not in");
        assert_eq!(why("os_name == 'x' extra"), "`extra` is left over");
        assert_eq!(why("'a' == 'b'"), "a variable is compared with a quoted text");
        assert!(why(&"(".repeat(100)).contains("deeper"));
    }
}
