//! PEP 508 markers, and the interpreter they are evaluated for.

use std::fmt;
use std::str::FromStr;

use pep508_rs::{MarkerEnvironment, MarkerEnvironmentBuilder, MarkerTree};

use super::{ExtraName, Os, Platform};

/// A condition on platform, interpreter and extras. The default is the one that always holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Marker(MarkerTree);

/// A text that is not a marker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a marker: {reason}")]
pub struct MarkerError {
    /// The text as it was given.
    pub text: String,
    /// What the parser said.
    pub reason: String,
}

impl Marker {
    /// Tells whether the condition holds everywhere.
    pub fn is_always(&self) -> bool {
        self.0.is_true()
    }

    /// Tells whether the condition holds on `platform` for `python` with these extras asked for.
    pub fn holds(&self, platform: Platform, python: &PythonVersion, extras: &[ExtraName]) -> bool {
        if self.0.is_true() {
            return true;
        }
        let extras: Vec<_> = extras.iter().filter_map(|e| pep508_rs::ExtraName::from_str(e.as_str()).ok()).collect();
        self.0.evaluate(&environment(platform, python), &extras)
    }

    /// Returns the underlying tree.
    pub fn tree(&self) -> &MarkerTree {
        &self.0
    }
}

impl From<MarkerTree> for Marker {
    fn from(tree: MarkerTree) -> Self {
        Self(tree)
    }
}

impl FromStr for Marker {
    type Err = MarkerError;

    fn from_str(text: &str) -> Result<Self, MarkerError> {
        MarkerTree::from_str(text)
            .map(Self)
            .map_err(|e| MarkerError { text: text.to_owned(), reason: e.message.to_string() })
    }
}

impl fmt::Display for Marker {
    /// Writes nothing for the marker that always holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.try_to_string().unwrap_or_default())
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

/// Builds the marker environment of a CPython on a platform. Release and kernel version are unknown until sync and
/// stay empty, as a lock must not depend on the machine that made it.
fn environment(platform: Platform, python: &PythonVersion) -> MarkerEnvironment {
    let (os_name, sys_platform, platform_system) = match platform.os() {
        Os::Linux => ("posix", "linux", "Linux"),
        Os::Macos => ("posix", "darwin", "Darwin"),
        Os::Windows => ("nt", "win32", "Windows"),
    };
    let full = format!("{}.{}.{}", python.major, python.minor, python.patch);
    let short = format!("{}.{}", python.major, python.minor);
    let builder = MarkerEnvironmentBuilder {
        implementation_name: "cpython",
        implementation_version: &full,
        os_name,
        platform_machine: platform.machine(),
        platform_python_implementation: "CPython",
        platform_release: "",
        platform_system,
        platform_version: "",
        python_full_version: &full,
        python_version: &short,
        sys_platform,
    };
    MarkerEnvironment::try_from(builder).expect("the versions were built from numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_see_the_platform_and_the_first_patch() {
        let python: PythonVersion = "3.12".parse().unwrap();
        let holds = |text: &str| text.parse::<Marker>().unwrap().holds(Platform::LinuxX64, &python, &[]);
        assert!(holds("sys_platform == 'linux' and python_version >= '3.12'"));
        assert!(holds("python_full_version == '3.12.0'"));
        assert!(!holds("platform_machine == 'arm64'"));
        assert!(!holds("extra == 'test'"));
    }
}
