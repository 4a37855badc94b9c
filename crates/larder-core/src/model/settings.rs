//! The settings of resolution: declared in the manifest, stored in the lockfile.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{
    BuildRules, Digest, ManagedRuntimes, Marker, MinimumAge, NpmRange, PackageId, PackageKey, PackageName,
    PythonVersion, Requirement, RuntimeName, Runtimes, Source, TargetInstance, TargetPlatform, TimeLimits, Uid,
    Version,
};

/// How npm's peer dependencies are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NpmPeers {
    /// Peers guide sharing and never force a version down; unmet ones are recorded.
    #[default]
    Relaxed,
    /// As `Relaxed`, but a missing peer brings nothing new: it is bound to a locked version, or left out, as Yarn does.
    Provided,
    /// Peers are constraints.
    Strict,
}

/// Which Python pre-releases may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Prereleases {
    /// Pre-releases that a specifier names, and others if no final version matches.
    #[default]
    IfNecessary,
    /// All pre-releases.
    Allow,
    /// No pre-releases.
    Never,
}

/// What happens when a package's `engines` do not admit the declared Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Engines {
    /// A warning.
    #[default]
    Warn,
    /// The version is not chosen.
    Strict,
}

/// `override npm "parent>child@<4" "4.17.21"`: replaces a dependency of `parent`, or of every package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The dependent that it applies to. `None` for all.
    pub parent: Option<PackageName>,
    /// The dependency it replaces.
    pub package: PackageId,
    /// The range that the replaced one has a version in common with. `None` if it may be any.
    pub asked: Option<NpmRange>,
    /// The requirement that replaces it. `None` removes the dependency.
    pub replacement: Option<Requirement>,
}

impl Override {
    /// Returns whether it replaces what a dependent asks for, of which the range is given if it is npm's. A dist-tag has no version
    /// in common with a range, because only the registry knows its version.
    fn applies(&self, parent: Option<&PackageName>, package: &PackageId, range: Option<&NpmRange>) -> bool {
        let is_among = |asked: &NpmRange| range.is_some_and(|range| range.intersects(asked));
        *package == self.package
            && self.parent.as_ref().is_none_or(|name| Some(name) == parent)
            && self.asked.as_ref().is_none_or(is_among)
    }

    /// Returns whether it replaces what a dependent asks for.
    pub fn applies_to(&self, parent: Option<&PackageName>, asked: &Requirement) -> bool {
        self.applies(parent, &asked.declared_package(), asked.npm_range())
    }

    /// Returns how closely it names what it replaces: one that names the dependent goes before one for all, and one that names
    /// versions before one for any.
    fn closeness(&self) -> (bool, bool) {
        (self.parent.is_some(), self.asked.is_some())
    }
}

/// Writes an override as a manifest has it: `override npm "a>b@<4" "4.17.21"`.
impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "override {} \"", self.package.ecosystem)?;
        if let Some(parent) = &self.parent {
            write!(f, "{parent}>")?;
        }
        write!(f, "{}", self.package.name)?;
        if let Some(asked) = &self.asked {
            write!(f, "@{}", asked.as_str())?;
        }
        f.write_str("\"")?;
        match &self.replacement {
            Some(replacement) if replacement.ecosystem().is_local() => f.write_str(" \"workspace:*\""),
            Some(replacement) => write!(f, " \"{}\"", replacement.range_text()),
            None => Ok(()),
        }
    }
}

/// `extend npm "x" { npm "y" "^1" }`: a dependency that `package` uses and does not declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The dependent.
    pub package: PackageId,
    /// The dependency that is added.
    pub dependency: Requirement,
}

/// An edition of the built-in package extensions. A lock keeps its edition until all packages are updated, so that a newer larder
/// does not change the lock of an unchanged manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edition(pub u32);

impl Edition {
    /// The first edition in which a package that has peers has optional peers on their types.
    pub const TYPES_OF_PEERS: Self = Self(4);
    /// The first edition whose locks record the optional peers that nobody provides.
    pub const UNBOUND_PEERS: Self = Self(4);
    /// The first edition in which an instance that lacks only optional peers of another is that other.
    pub const SHARED_INSTANCES: Self = Self(4);
}

impl Default for Edition {
    /// Returns the first edition, which locks omit.
    fn default() -> Self {
        Self(1)
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A package whose files take precedence if another package installs files of the same path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOwner {
    /// The package.
    pub package: PackageId,
    /// A glob over paths relative to `site-packages`, or to the environment for files outside of it.
    pub files: Arc<str>,
}

/// `patch npm "left-pad" "1.3.0" "FILE"`: a package whose files a patch changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchedPackage {
    /// The package.
    pub package: PackageId,
    /// Its version.
    pub version: Version,
    /// The SHA-256 digest of the patch.
    pub digest: Digest,
}

impl PatchedPackage {
    /// Returns the patch of a package among `patches`.
    pub fn find<'p>(patches: &'p [Self], package: &PackageKey) -> Option<&'p Self> {
        patches.iter().find(|patch| patch.is_for(package))
    }

    /// Returns whether the patch is for this package, from whichever registry it comes.
    pub fn is_for(&self, key: &PackageKey) -> bool {
        self.package.is_same(&key.id) && self.version == key.version
    }

    /// Returns the digest under which the store has what the patch makes of an artifact.
    pub fn applied_to(&self, artifact: &Digest) -> Digest {
        let text = format!("larder patch 1\0{artifact}\0{}", self.digest);
        Digest::sha256_of(text)
    }
}

/// `transitive "git" "url"`: the kinds of sources that packages may bring, and not only lines of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TransitiveSources {
    /// Git repositories.
    pub git: bool,
    /// URLs.
    pub url: bool,
}

impl TransitiveSources {
    /// Returns whether a package may bring a source.
    pub fn admit(self, source: &Source) -> bool {
        match source {
            Source::Git(_) => self.git,
            Source::Url(_) => self.url,
            // No package brings one.
            Source::File(_) | Source::Archive(_) => false,
        }
    }
}

/// Everything besides the requirements that the choice of versions depends on, and what is done to the packages chosen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    /// The declared platforms, sorted.
    pub platforms: Vec<TargetPlatform>,
    /// The declared Node, as written: `22`.
    pub node: Option<Arc<str>>,
    /// The declared Python.
    pub python: Option<PythonVersion>,
    /// `npm-peers`
    pub npm_peers: NpmPeers,
    /// `prereleases`
    pub prereleases: Prereleases,
    /// `engines`
    pub engines: Engines,
    /// `released-before`: versions published at or after this instant do not exist.
    pub released_before: Option<jiff::Timestamp>,
    /// `age` of the top-level policy: not in the lock, which has the cutoff that came of it.
    pub age: Option<MinimumAge>,
    /// The cutoff of `age`: versions published at or after this instant are not chosen anew. It moves with `update` and `add`.
    pub age_cutoff: Option<jiff::Timestamp>,
    /// `override` lines, in the manifest's order.
    pub overrides: Vec<Override>,
    /// `extend` blocks, one entry per dependency.
    pub extensions: Vec<Extension>,
    /// `writable` packages: each profile gets its own copy.
    pub writable: Vec<PackageId>,
    /// `owner` lines, one entry per glob.
    pub owners: Vec<FileOwner>,
    /// `patch` lines with the digests of their files.
    pub patches: Vec<PatchedPackage>,
    /// The edition of the built-in package extensions.
    pub package_extensions: Edition,
    /// The instance that packages are for, which has some of them already.
    pub instance: TargetInstance,
    /// The identifiers of what the instance provides, by the word of its lists: not in the lock, for which packages were compared with
    /// them when it was made.
    pub provided_uids: BTreeMap<PackageName, Uid>,
    /// `transitive`: not in the lock, which holds what was found whoever let it in.
    pub transitive: TransitiveSources,
    /// The runtimes that larder brings: not in the lock, which holds the runtimes themselves.
    pub managed: ManagedRuntimes,
    /// `builds`: not in the lock, which holds what has to be built whoever approved it.
    pub builds: BuildRules,
}

/// The Python for markers if the manifest declares none, as it may if it has no Python dependencies.
const UNDECLARED_PYTHON: PythonVersion = PythonVersion { major: 3, minor: 12, patch: 0 };

impl Settings {
    /// Returns the override that applies to what a dependent asks for, as [`Override::applies`] says, with its place: the closest, and of
    /// those the first.
    pub fn override_of(
        &self,
        parent: Option<&PackageName>,
        package: &PackageId,
        range: Option<&NpmRange>,
    ) -> Option<(usize, &Override)> {
        let all = self.overrides.iter().enumerate().filter(|(_, one)| one.applies(parent, package, range));
        all.min_by_key(|(_, one)| std::cmp::Reverse(one.closeness()))
    }

    /// Returns the override that applies to a requirement of a dependent, with its place.
    pub fn override_for(&self, parent: Option<&PackageName>, asked: &Requirement) -> Option<(usize, &Override)> {
        self.override_of(parent, &asked.declared_package(), asked.npm_range())
    }

    /// Returns the limits for the versions of a package. Local packages are not published, and have none.
    pub fn time_limits(&self, package: &PackageId) -> TimeLimits {
        if package.ecosystem.is_local() {
            return TimeLimits::default();
        }
        let exemptions = self.age.as_ref().map(|age| &*age.exempt).unwrap_or_default();
        TimeLimits::new(package, self.released_before, self.age_cutoff, exemptions)
    }

    /// Returns the settings with the Python that a lock has, if larder brings it: what holds for the lowest of its versions holds on
    /// every platform.
    pub fn with_runtimes(&self, runtimes: &Runtimes) -> Cow<'_, Self> {
        match locked_python(runtimes) {
            Some(python) => Cow::Owned(Self { python: Some(python), ..self.clone() }),
            None => Cow::Borrowed(self),
        }
    }

    /// Returns the Python for which the markers of a lock are evaluated: the full version, if larder brings it.
    pub fn marker_python_of(&self, runtimes: &Runtimes) -> PythonVersion {
        locked_python(runtimes).unwrap_or_else(|| self.marker_python())
    }

    /// Returns whether a condition holds on a declared platform, with the extras that it names.
    pub fn can_hold(&self, when: &Marker) -> bool {
        if when.is_always() || self.platforms.is_empty() {
            return true;
        }
        let (python, extras) = (self.marker_python(), Vec::from_iter(when.extras()));
        self.platforms.iter().any(|target| when.holds(target.platform, &python, &extras))
    }

    /// Returns the Python for which markers are evaluated.
    pub fn marker_python(&self) -> PythonVersion {
        self.python.clone().unwrap_or(UNDECLARED_PYTHON)
    }
}

/// Returns the Python that larder brings: the lowest of its versions.
fn locked_python(runtimes: &Runtimes) -> Option<PythonVersion> {
    runtimes.lowest(RuntimeName::Python).map(PythonVersion::from)
}
