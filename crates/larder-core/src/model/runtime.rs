//! Runtimes that larder brings itself: Node and Python, by version.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::{Artifact, Libc, PackageKey, Platform, PythonVersion};

/// A runtime that a manifest may declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuntimeName {
    /// Node.
    Node,
    /// `CPython`.
    Python,
}

/// A final version of a runtime: `22.11.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuntimeVersion {
    /// 22
    pub major: u32,
    /// 11
    pub minor: u32,
    /// 0
    pub patch: u32,
}

/// One version of one runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuntimeKey {
    /// The runtime.
    pub name: RuntimeName,
    /// Its version.
    pub version: RuntimeVersion,
}

/// What serves a runtime's archives, which decides how they are listed and laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuntimeSource {
    /// The distribution of Node: nodejs.org/dist and its mirrors; for musl, unofficial-builds.nodejs.org.
    NodeDistribution,
    /// Packages of the npm registry that hold Node.
    NpmPackages,
    /// The releases of python-build-standalone, and their mirrors.
    PythonBuildStandalone,
}

/// A host of runtimes, by the name that a manifest gives it another address by: `registries { runtime "node" "https://…" }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuntimeHost {
    /// The distribution of Node.
    Node,
    /// The unofficial builds of Node, which are there for musl.
    NodeMusl,
    /// The releases of python-build-standalone.
    Python,
}

/// A runtime that the manifest lets larder bring: `node "22" managed=#true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedRuntime {
    /// The lowest version that will do.
    pub lowest: RuntimeVersion,
    /// How many of the numbers must be the same: 1 for Node "22", 2 for "22.11" and for every Python, 3 for one version.
    pub fixed: u8,
    /// `exact=#true`: all platforms have the same version.
    pub exact: bool,
    /// Where it comes from.
    pub source: RuntimeSource,
}

/// The managed runtimes of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ManagedRuntimes(BTreeMap<RuntimeName, ManagedRuntime>);

/// A runtime of a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedRuntime {
    /// Where it comes from.
    pub source: RuntimeSource,
    /// Who published it, where the source is one that anybody can publish at.
    pub publisher: Option<String>,
    /// Its archives, each for the platforms that it names, sorted.
    pub artifacts: Vec<Artifact>,
}

/// The runtimes of a lock. A runtime has several versions if its source lacks one for some platform.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Runtimes(pub BTreeMap<RuntimeKey, LockedRuntime>);

/// What an artifact is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactOwner {
    /// A package of a registry.
    Package(PackageKey),
    /// A runtime.
    Runtime(RuntimeKey),
}

impl RuntimeName {
    /// Every runtime.
    pub const ALL: [Self; 2] = [Self::Node, Self::Python];

    /// Returns the name that manifests and lockfiles use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Python => "python",
        }
    }
}

impl RuntimeSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::NodeDistribution, Self::NpmPackages, Self::PythonBuildStandalone];

    /// Returns the name that lockfiles use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NodeDistribution => "node-distribution",
            Self::NpmPackages => "npm-packages",
            Self::PythonBuildStandalone => "python-build-standalone",
        }
    }
}

impl RuntimeHost {
    /// Every host.
    pub const ALL: [Self; 3] = [Self::Node, Self::NodeMusl, Self::Python];

    /// Returns the name that manifests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::NodeMusl => "node-musl",
            Self::Python => "python",
        }
    }

    /// Returns the host that has a runtime for a platform.
    pub fn of(name: RuntimeName, platform: Platform) -> Self {
        match (name, platform.libc()) {
            (RuntimeName::Node, Some(Libc::Musl)) => Self::NodeMusl,
            (RuntimeName::Node, _) => Self::Node,
            (RuntimeName::Python, _) => Self::Python,
        }
    }
}

impl ManagedRuntime {
    /// Returns whether a version is within the declared range.
    pub fn admits(&self, version: RuntimeVersion) -> bool {
        let (lowest, fixed) = (&self.lowest, self.fixed);
        version >= self.lowest
            && version.major == lowest.major
            && (fixed < 2 || version.minor == lowest.minor)
            && (fixed < 3 || version.patch == lowest.patch)
    }
}

impl ManagedRuntimes {
    /// Adds a runtime.
    pub fn insert(&mut self, name: RuntimeName, rule: ManagedRuntime) {
        self.0.insert(name, rule);
    }

    /// Returns the rule of a runtime. `None` if larder does not bring it.
    pub fn get(&self, name: RuntimeName) -> Option<&ManagedRuntime> {
        self.0.get(&name)
    }

    /// Returns the rule of a runtime, to change it.
    pub fn get_mut(&mut self, name: RuntimeName) -> Option<&mut ManagedRuntime> {
        self.0.get_mut(&name)
    }

    /// Returns the runtimes with their rules.
    pub fn iter(&self) -> impl Iterator<Item = (RuntimeName, &ManagedRuntime)> {
        self.0.iter().map(|(name, rule)| (*name, rule))
    }

    /// Returns whether larder brings none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl LockedRuntime {
    /// Returns the archive for a platform.
    pub fn artifact_for(&self, platform: Platform) -> Option<&Artifact> {
        self.artifacts.iter().find(|artifact| artifact.platforms.contains(&platform))
    }
}

impl Runtimes {
    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the version of a runtime on a platform, with its archive.
    pub fn on(&self, name: RuntimeName, platform: Platform) -> Option<(RuntimeKey, &LockedRuntime, &Artifact)> {
        let mut of_name = self.0.iter().filter(|(key, _)| key.name == name);
        of_name.find_map(|(key, runtime)| Some((*key, runtime, runtime.artifact_for(platform)?)))
    }

    /// Returns the runtimes that a platform has.
    pub fn on_platform(&self, platform: Platform) -> impl Iterator<Item = (RuntimeKey, &LockedRuntime, &Artifact)> {
        RuntimeName::ALL.into_iter().filter_map(move |name| self.on(name, platform))
    }

    /// Returns the highest of a runtime's versions.
    pub fn newest(&self, name: RuntimeName) -> Option<RuntimeVersion> {
        self.0.keys().filter(|key| key.name == name).map(|key| key.version).max()
    }

    /// Returns the lowest of a runtime's versions: what holds for it and later patches holds on every platform.
    pub fn lowest(&self, name: RuntimeName) -> Option<RuntimeVersion> {
        self.0.keys().filter(|key| key.name == name).map(|key| key.version).min()
    }
}

impl ArtifactOwner {
    /// Returns the package. `None` for a runtime.
    pub fn package(&self) -> Option<&PackageKey> {
        match self {
            Self::Package(package) => Some(package),
            Self::Runtime(_) => None,
        }
    }
}

impl From<&PackageKey> for ArtifactOwner {
    fn from(package: &PackageKey) -> Self {
        Self::Package(package.clone())
    }
}

impl From<RuntimeKey> for ArtifactOwner {
    fn from(runtime: RuntimeKey) -> Self {
        Self::Runtime(runtime)
    }
}

impl From<RuntimeVersion> for PythonVersion {
    fn from(RuntimeVersion { major, minor, patch }: RuntimeVersion) -> Self {
        Self { major, minor, patch }
    }
}

/// A text that is no version of a runtime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not three numbers like `22.11.0`")]
pub struct RuntimeVersionError(String);

impl FromStr for RuntimeVersion {
    type Err = RuntimeVersionError;

    fn from_str(text: &str) -> Result<Self, RuntimeVersionError> {
        let number = |part: &str| {
            let is_plain = part == "0" || !part.starts_with('0');
            let is_number = is_plain && part.len() < 7 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse().ok()).flatten()
        };
        let mut numbers = text.split('.').map(number);
        let mut next = || numbers.next().flatten();
        match (next(), next(), next(), numbers.next()) {
            (Some(major), Some(minor), Some(patch), None) => Ok(Self { major, minor, patch }),
            _ => Err(RuntimeVersionError(text.to_owned())),
        }
    }
}

/// A text that is no runtime's name and version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a runtime like `node@22.11.0`")]
pub struct RuntimeKeyError(String);

impl FromStr for RuntimeKey {
    type Err = RuntimeKeyError;

    fn from_str(text: &str) -> Result<Self, RuntimeKeyError> {
        let parsed = text.split_once('@').and_then(|(name, version)| {
            let name = RuntimeName::ALL.into_iter().find(|known| known.as_str() == name)?;
            Some(Self { name, version: version.parse().ok()? })
        });
        parsed.ok_or_else(|| RuntimeKeyError(text.to_owned()))
    }
}

impl fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for RuntimeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl fmt::Display for RuntimeKey {
    /// Writes `node@22.11.0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl fmt::Display for RuntimeHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for RuntimeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ArtifactOwner {
    /// Writes `npm:react@18.3.1` or `node@22.11.0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(package) => package.fmt(f),
            Self::Runtime(runtime) => runtime.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(lowest: &str, fixed: u8) -> ManagedRuntime {
        let source = RuntimeSource::NodeDistribution;
        ManagedRuntime { lowest: lowest.parse().unwrap(), fixed, exact: false, source }
    }

    #[test]
    fn a_range_is_the_declared_numbers_and_what_follows() {
        let admits = |rule: ManagedRuntime, version: &str| rule.admits(version.parse().unwrap());
        assert!(admits(rule("22.0.0", 1), "22.11.0") && !admits(rule("22.0.0", 1), "23.0.0"));
        assert!(admits(rule("3.12.4", 2), "3.12.8") && !admits(rule("3.12.4", 2), "3.12.3"));
        assert!(!admits(rule("3.12.0", 2), "3.13.0"));
        assert!(admits(rule("22.11.0", 3), "22.11.0") && !admits(rule("22.11.0", 3), "22.11.1"));
    }

    #[test]
    fn keys_are_names_with_three_numbers() {
        assert_eq!("node@22.11.0".parse::<RuntimeKey>().unwrap().to_string(), "node@22.11.0");
        for bad in
            ["node", "node@22", "node@22.11", "node@22.11.0.1", "node@v22.11.0", "node@022.1.0", "ruby@1.2.3", ""]
        {
            assert!(bad.parse::<RuntimeKey>().is_err(), "{bad}");
        }
    }
}
