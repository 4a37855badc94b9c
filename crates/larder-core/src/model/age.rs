//! How long a version has to have been published before it is chosen: `age` of a policy, and `released-before`.

use std::time::Duration;

use globset::GlobMatcher;
use jiff::{SignedDuration, Timestamp};

use super::{Ecosystem, PackageId, Requirement, Version};

/// The `age` of the top-level policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinimumAge {
    /// How long ago a version has to have been published when the cutoff is taken.
    pub minimum: Duration,
    /// The packages that may be younger.
    pub exempt: Vec<AgeExemption>,
}

/// Packages that may be younger than the rest: `exempt npm "@acme/*"`, `exempt npm "ws" versions="8.21.0"`,
/// `exempt pypi "django" before="2026-08-04T15:05:00Z"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeExemption {
    /// The names of the packages.
    pub names: NameGlob,
    /// The versions, if not all are exempt.
    pub versions: Option<Requirement>,
    /// The instant before which they have to have been published nonetheless.
    pub before: Option<Timestamp>,
}

/// A glob of an ecosystem's names. Two are equal where they are written alike.
#[derive(Clone, Debug)]
pub struct NameGlob {
    text: String,
    ecosystem: Ecosystem,
    matcher: GlobMatcher,
}

/// Which times of publication admit a version of one package.
#[derive(Clone, Debug, Default)]
pub struct TimeLimits {
    /// `released-before`
    released_before: Option<Timestamp>,
    /// The cutoff of `age`. `None` if the package is exempt.
    cutoff: Option<Timestamp>,
    /// Versions that the cutoff does not concern, each with the instant that does.
    exempt: Vec<(Requirement, Option<Timestamp>)>,
}

impl MinimumAge {
    /// Returns the instant before which versions have to have been published, in whole seconds.
    pub fn cutoff_at(&self, now: Timestamp) -> Timestamp {
        let minimum = SignedDuration::try_from(self.minimum).unwrap_or(SignedDuration::MAX);
        let cutoff = now.checked_sub(minimum).unwrap_or(Timestamp::MIN);
        Timestamp::from_second(cutoff.as_second()).unwrap_or(cutoff)
    }
}

impl NameGlob {
    /// Creates a glob from its text and the matcher of its normal form.
    pub fn new(ecosystem: Ecosystem, text: &str, matcher: GlobMatcher) -> Self {
        Self { text: text.to_owned(), ecosystem, matcher }
    }

    /// Returns the glob as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the glob covers a package.
    pub fn covers(&self, package: &PackageId) -> bool {
        self.ecosystem == package.ecosystem && self.matcher.is_match(&*package.normal_name())
    }
}

impl PartialEq for NameGlob {
    fn eq(&self, other: &Self) -> bool {
        (self.ecosystem, &self.text) == (other.ecosystem, &other.text)
    }
}

impl Eq for NameGlob {}

impl TimeLimits {
    /// Creates the limits for the versions of a package.
    pub fn new(
        package: &PackageId,
        released_before: Option<Timestamp>,
        mut cutoff: Option<Timestamp>,
        exemptions: &[AgeExemption],
    ) -> Self {
        let mut exempt = Vec::new();
        for exemption in exemptions.iter().filter(|one| one.names.covers(package)) {
            match (&exemption.versions, exemption.before) {
                (Some(versions), before) => exempt.push((versions.clone(), before)),
                (None, Some(before)) => cutoff = cutoff.map(|cutoff| cutoff.max(before)),
                (None, None) => cutoff = None,
            }
        }
        Self { released_before, cutoff, exempt }
    }

    /// Returns whether a version is old enough. One whose time is unknown is not known to be.
    pub fn admit(&self, version: &Version, published: Option<Timestamp>) -> bool {
        self.is_released_before(published) && (self.is_old_enough(published) || self.exempts(version, published))
    }

    /// Returns `released-before`.
    pub fn released_before(&self) -> Option<Timestamp> {
        self.released_before
    }

    /// Returns the cutoff of `age`, if it concerns the package.
    pub fn cutoff(&self) -> Option<Timestamp> {
        self.cutoff
    }

    /// Returns whether a time is before `released-before`, if that is set.
    pub fn is_released_before(&self, published: Option<Timestamp>) -> bool {
        is_before(self.released_before, published)
    }

    /// Returns whether a time is before the cutoff of `age`, if that is set.
    pub fn is_old_enough(&self, published: Option<Timestamp>) -> bool {
        is_before(self.cutoff, published)
    }

    /// Returns whether every time is admitted, and none.
    pub fn are_none(&self) -> bool {
        self.released_before.is_none() && self.cutoff.is_none()
    }

    fn exempts(&self, version: &Version, published: Option<Timestamp>) -> bool {
        let exempts = |(versions, before): &(Requirement, Option<Timestamp>)| {
            is_before(*before, published) && versions.matches(version)
        };
        self.exempt.iter().any(exempts)
    }
}

fn is_before(limit: Option<Timestamp>, published: Option<Timestamp>) -> bool {
    limit.is_none_or(|limit| published.is_some_and(|published| published < limit))
}

/// Parses a span of time as manifests have it: `3d`, `12h`, `90m`, `30s`, `2w`.
pub fn parse_span(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 5] = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)];
    let (unit, seconds) = UNITS.into_iter().find(|(unit, _)| text.ends_with(unit))?;
    let number = text.strip_suffix(unit)?;
    let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    Some(Duration::from_secs(is_plain.then(|| number.parse::<u64>().ok())??.checked_mul(seconds)?))
}

/// Writes a span of time as manifests have it, in the largest unit that divides it. Parts of a second are left out.
pub fn span_text(span: Duration) -> String {
    const UNITS: [(&str, u64); 3] = [("d", 86_400), ("h", 3600), ("m", 60)];
    let seconds = span.as_secs();
    let unit = UNITS.into_iter().find(|(_, unit)| seconds > 0 && seconds.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{seconds}s"), |(name, unit)| format!("{}{name}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_they_are_written() {
        for (text, seconds) in [("3d", 259_200), ("12h", 43_200), ("90m", 5400), ("1s", 1), ("0s", 0)] {
            assert_eq!(parse_span(text), Some(Duration::from_secs(seconds)), "{text}");
            assert_eq!(span_text(Duration::from_secs(seconds)), text);
        }
        assert_eq!(parse_span("2w").map(span_text).as_deref(), Some("14d"));
        for text in ["", "d", "3", "3 d", "-3d", "+3d", "3.5d", "3D", "99999999999999999999d", "999999999999999999w"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn a_cutoff_is_in_whole_seconds() {
        let age = MinimumAge { minimum: Duration::from_secs(86_400), exempt: Vec::new() };
        let cutoff = age.cutoff_at("2026-11-26T12:00:00.75Z".parse().unwrap());
        assert_eq!(cutoff.to_string(), "2026-11-25T12:00:00Z");
        let endless = MinimumAge { minimum: Duration::MAX, exempt: Vec::new() };
        assert_eq!(endless.cutoff_at("2026-11-26T12:00:00Z".parse().unwrap()), Timestamp::MIN);
    }
}
