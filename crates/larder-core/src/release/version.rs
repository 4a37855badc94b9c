//! The next version.

use semver::{BuildMetadata, Prerelease, Version};

/// How much a version rises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Bump {
    /// Not at all.
    #[default]
    None,
    /// `1.2.3` → `1.2.4`
    Patch,
    /// `1.2.3` → `1.3.0`
    Minor,
    /// `1.2.3` → `2.0.0`
    Major,
}

/// Returns the version that follows; `None` if nothing is to be released. What was a pre-release becomes the release that it was
/// for, if that is high enough.
pub fn next_version(version: &Version, bump: Bump) -> Option<Version> {
    let Version { major, minor, patch, .. } = *version;
    let is_pre = !version.pre.is_empty();
    Some(match bump {
        Bump::None => return None,
        Bump::Patch if is_pre => Version::new(major, minor, patch),
        Bump::Minor if is_pre && patch == 0 => Version::new(major, minor, 0),
        Bump::Major if is_pre && minor == 0 && patch == 0 => Version::new(major, 0, 0),
        Bump::Patch => Version::new(major, minor, patch.saturating_add(1)),
        Bump::Minor => Version::new(major, minor.saturating_add(1), 0),
        Bump::Major => Version::new(major.saturating_add(1), 0, 0),
    })
}

/// Returns the pre-release `X-dev.RUN` of a version.
pub fn prerelease(version: &Version, run: u64) -> Version {
    let pre = Prerelease::new(&format!("dev.{run}")).unwrap_or(Prerelease::EMPTY);
    Version { pre, build: BuildMetadata::EMPTY, ..version.clone() }
}

/// Returns a version as PyPI has it: `1.2.3-dev.7` is `1.2.3.dev7`. `None` if PyPI has no counterpart.
pub fn pypi_version(version: &Version) -> Option<String> {
    let plain = format!("{}.{}.{}", version.major, version.minor, version.patch);
    if version.pre.is_empty() {
        return Some(plain);
    }
    let (word, number) = version.pre.as_str().split_once('.')?;
    let number: u64 = number.parse().ok()?;
    let word = match word {
        "dev" => ".dev",
        "alpha" => "a",
        "beta" => "b",
        "rc" => "rc",
        _ => return None,
    };
    Some(format!("{plain}{word}{number}"))
}
