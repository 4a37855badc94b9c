//! The version specifiers of Python packages: PEP 440, as `packaging` implements it.

use std::fmt;
use std::str::FromStr;

use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};

use crate::model::RangeError;

/// A PEP 440 specifier set. Empty means any version.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PypiSpecifier(VersionSpecifiers);

impl PypiSpecifier {
    /// Returns the parsed specifiers.
    pub fn specifiers(&self) -> &VersionSpecifiers {
        &self.0
    }

    /// Returns whether every specifier admits the version. The caller decides whether pre-releases are allowed.
    pub fn admits(&self, version: &Version) -> bool {
        self.0.iter().all(|specifier| admits(specifier, version))
    }

    /// Returns whether a specifier names a pre-release or a development release, which admits such versions.
    pub fn names_prerelease(&self) -> bool {
        self.0.iter().any(|specifier| match specifier.operator() {
            Operator::NotEqual | Operator::NotEqualStar => false,
            _ => specifier.any_prerelease(),
        })
    }
}

/// Returns whether one specifier admits a version (PEP 440, "Version specifiers").
pub(in crate::model) fn admits(specifier: &VersionSpecifier, version: &Version) -> bool {
    let named = specifier.version();
    match specifier.operator() {
        Operator::Equal => same_version(named, version),
        Operator::NotEqual => !same_version(named, version),
        Operator::EqualStar => has_prefix(version, named, named.release()),
        Operator::NotEqualStar => !has_prefix(version, named, named.release()),
        Operator::ExactEqual => named.to_string() == version.to_string(),
        Operator::TildeEqual => {
            let (_, prefix) = named.release().split_last().unwrap_or((&0, &[]));
            version >= named && has_prefix(version, named, prefix)
        }
        Operator::GreaterThanEqual => version >= named,
        Operator::LessThanEqual => version <= named || same_version(named, version),
        Operator::GreaterThan => version > named && !is_variant_of(version, named),
        // Pre-releases of the named version are excluded, unless it is a pre-release itself.
        Operator::LessThan if named.any_prerelease() => version < named,
        Operator::LessThan => *version < named.clone().with_dev(Some(0)),
    }
}

/// Returns whether two versions are equal. `1.0+local` equals 1.0, unless the specifier names a local label itself.
fn same_version(named: &Version, version: &Version) -> bool {
    if named.local().is_empty() && !version.local().is_empty() {
        version.clone().without_local() == *named
    } else {
        version == named
    }
}

/// Returns whether a release begins with `prefix`. Missing numbers are zero.
fn has_prefix(version: &Version, named: &Version, prefix: &[u64]) -> bool {
    let release = version.release().iter().copied().chain(std::iter::repeat(0));
    version.epoch() == named.epoch() && prefix.iter().zip(release).all(|(&wanted, found)| wanted == found)
}

/// Returns whether a later version is a variant of the named one, which `>` excludes: a local version, or a post release unless
/// the named version is one.
fn is_variant_of(version: &Version, named: &Version) -> bool {
    let same_release = version.epoch() == named.epoch()
        && has_prefix(version, named, named.release())
        && has_prefix(named, version, version.release())
        && version.pre() == named.pre();
    if named.dev().is_some() || named.post().is_some() {
        same_release && version.post() == named.post() && version.dev() == named.dev()
    } else {
        same_release
    }
}

impl From<VersionSpecifiers> for PypiSpecifier {
    fn from(specifiers: VersionSpecifiers) -> Self {
        Self(specifiers)
    }
}

impl FromStr for PypiSpecifier {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        text.split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .map(|one| one.parse::<VersionSpecifier>().map_err(|e| RangeError::new("pypi", text, e)))
            .collect::<Result<VersionSpecifiers, _>>()
            .map(Self)
    }
}

impl fmt::Display for PypiSpecifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, specifier) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{specifier}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(specifier: &str, inside: &[&str], outside: &[&str]) {
        let parsed: PypiSpecifier = specifier.parse().unwrap();
        for version in inside {
            assert!(parsed.admits(&version.parse().unwrap()), "{specifier} takes {version}");
        }
        for version in outside {
            assert!(!parsed.admits(&version.parse().unwrap()), "{specifier} does not take {version}");
        }
    }

    #[test]
    fn local_labels_are_ignored_unless_named() {
        check("==4.1", &["4.1+cpu", "4.1.0"], &["4.1.post1"]);
        check("==4.1+cpu", &["4.1.0+cpu"], &["4.1", "4.1+gpu"]);
        check("<=4.1", &["4.1+cpu"], &["4.1.1", "4.1.post1"]);
        check(">4.1", &["4.1.1"], &["4.1+cpu", "4.1"]);
        check("!=4.1", &["4.2"], &["4.1+cpu"]);
    }

    #[test]
    fn exclusive_bounds_leave_out_variants_of_what_they_name() {
        check(">4.1", &["4.2.dev0"], &["4.1.post3", "4.1.0.post3.dev1"]);
        check(">4.1.post1", &["4.1.post2.dev0", "4.1.post2"], &["4.1.post1+x"]);
        check(">4.1a1", &["4.1a2", "4.1"], &["4.1a1.post1"]);
        check("<4.1", &["4.0.9", "4.0.9rc1"], &["4.1.dev3", "4.1rc1", "4.1"]);
        check("<4.1rc1", &["4.1b2", "4.1rc1.dev0"], &["4.1rc1"]);
        check("<4.1.post1", &["4.1", "4.1rc1", "4.1.post0"], &["4.1.post1.dev0"]);
    }

    #[test]
    fn prefixes_are_padded_with_zeros() {
        check("==4.1.0.*", &["4.1", "4.1rc1", "4.1.post1"], &["4.1.1", "1!4.1"]);
        check("!=4.*", &["5.0"], &["4.9.1", "4.0.dev0"]);
        check("~=4.1.2", &["4.1.2", "4.1.9.post1"], &["4.2", "4.1.1", "4.1.2rc1"]);
        check("===4.1", &["4.1"], &["4.1.0"]);
    }

    #[test]
    fn sets_may_have_loose_commas_and_are_written_without_blanks() {
        let parsed: PypiSpecifier = ">= 2 , <3,".parse().unwrap();
        assert_eq!(parsed.to_string(), ">=2,<3");
        assert!(">=2.*".parse::<PypiSpecifier>().is_err());
    }
}
