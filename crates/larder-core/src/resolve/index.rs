//! The questions that the resolver asks about packages.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Failure;
use crate::model::{
    Artifact, Attestation, ExtraName, Facts, Label, Marker, Origin, PackageId, PackageKey, PackageName, Platform,
    Requirement, Source, TimeLimits, Uid, Version,
};

/// The metadata of packages. Answers are frozen: asked twice, an index says the same, in whatever order
/// they arrive. A call blocks until the answer is there.
pub trait Index: Sync {
    /// Returns a package's versions.
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError>;

    /// Returns what one version needs; `ordinal` is its place in [`Versions::candidates`].
    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError>;

    /// Announces packages that will be asked for soon, so that they can be fetched ahead. A hint: it returns at once and its
    /// effect cannot be seen, except in time.
    fn prefetch(&self, requirements: &[Requirement]);

    /// Announces versions of a package, by their places in [`Versions::candidates`].
    fn prefetch_releases(&self, package: &PackageId, ordinals: &[u32]);

    /// Returns what chosen versions need, by the word of each platform's own wheel, in their order. `None` where all of its
    /// platforms say what [`Index::release`] does. All are asked for side by side.
    fn by_platform(&self, chosen: &[Chosen]) -> Result<Vec<Option<Arc<Release>>>, IndexError>;

    /// Returns the oldest glibc, musl or macOS on which a version has a wheel for a platform and the declared Python.
    /// `None` if there is no wheel for that platform, however new the system is. Asks nobody.
    fn oldest_system(&self, package: &PackageId, ordinal: u32, platform: Platform) -> Option<(u32, u32)>;
}

/// A version of a Python package that was chosen for some platforms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The package.
    pub package: PackageId,
    /// The version's place in [`Versions::candidates`].
    pub ordinal: u32,
    /// The platforms.
    pub platforms: PlatformSet,
}

/// Why an index has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum IndexError {
    /// The registry does not have the package: it has no versions.
    #[error("{package} is not in registry `{registry}`")]
    NotFound {
        /// The package.
        package: PackageId,
        /// The registry that was asked.
        registry: Label,
    },
    /// No registry serves packages of the ecosystem: the package has no versions.
    #[error("no registry serves {} packages such as `{}`", .0.ecosystem, .0.name)]
    Unserved(PackageId),
    /// What a version needs is known only when its source distribution is built; resolution stops, to be tried again then.
    #[error("what {} needs is known only when it is built", .0.package)]
    Unbuilt(Box<UnbuiltRelease>),
    /// A version asks for a package from outside of registries, which it may, and which was not looked at yet; resolution stops, to
    /// be tried again then.
    #[error("{} was not looked at yet, which {} takes from {}", .0.package, .0.dependent, .0.source)]
    Outside(Box<UnknownSource>),
    /// The answer could not be had or read; resolution stops.
    #[error(transparent)]
    Failed(Arc<dyn Failure>),
}

/// A version whose dependencies its source distribution does not state (PEP 643: they are dynamic), and that may be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnbuiltRelease {
    /// The package.
    pub package: PackageKey,
    /// Where it comes from.
    pub origin: Origin,
    /// Its source distribution.
    pub sdist: Artifact,
}

/// A package that another one takes from outside of registries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSource {
    /// The package.
    pub package: PackageId,
    /// Where it is to come from.
    pub source: Source,
    /// The package that asks for it.
    pub dependent: PackageId,
}

/// The versions of a package, frozen.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// Where they come from; none for a path package.
    pub origin: Option<Origin>,
    /// The versions in ascending order, each once. Their places are the solver's versions.
    pub candidates: Vec<Candidate>,
    /// npm's dist-tags, as places in `candidates`.
    pub tags: BTreeMap<String, u32>,
    /// Whether a cache answered, and the registry can be asked whether that still holds.
    pub cached: bool,
}

/// Whether `age` concerns a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AgeRule {
    /// It has to be old enough.
    #[default]
    Applies,
    /// It is locked, or its registry tells no times and is admitted nonetheless.
    Exempt,
}

/// A version, with what can be known of it from the list alone.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The version.
    pub version: Version,
    /// PEP 592: not chosen unless locked or pinned with `==`.
    pub yanked: bool,
    /// npm: chosen only where nothing else fits.
    pub deprecated: bool,
    /// Python: the interpreters it admits.
    pub requires_python: Option<pep440_rs::VersionSpecifiers>,
    /// When it was published, where the registry tells.
    pub published: Option<jiff::Timestamp>,
    /// Whether `age` concerns it.
    pub age: AgeRule,
    /// Python: the declared platforms that a wheel of it serves.
    pub wheels: PlatformSet,
    /// Python: whether there is a source distribution.
    pub sdist: bool,
    /// What else the list tells of a version of a private package.
    pub private: Option<Box<PrivateTraits>>,
}

/// The properties of a version of a private package that decide whether it may be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PrivateTraits {
    /// The features that it declares, sorted.
    pub features: Vec<ExtraName>,
    /// Whether its status is `beta`: it is chosen only where the dependent's line takes such versions.
    pub is_beta: bool,
    /// Whether it has a Python half, so that an environment has one version of the package.
    pub has_python: bool,
    /// Why it was yanked, if that was said.
    pub yank_reason: Option<Box<str>>,
}

impl Candidate {
    /// Returns whether it would have to be built on every declared platform.
    pub fn has_no_wheel(&self) -> bool {
        self.wheels == PlatformSet::NONE
    }

    /// Returns whether the limits for its package admit it.
    pub fn is_in_time(&self, limits: &TimeLimits) -> bool {
        if self.age == AgeRule::Exempt {
            limits.is_released_before(self.published)
        } else {
            limits.admit(&self.version, self.published)
        }
    }

    /// Returns whether its source distribution is all that there is of it for the declared platforms.
    pub fn is_source_only(&self) -> bool {
        self.sdist && self.has_no_wheel()
    }

    /// Returns whether it has a Python half beside whatever else it has.
    pub fn has_python_half(&self) -> bool {
        self.private.as_ref().is_some_and(|private| private.has_python)
    }

    /// Returns whether its status is `beta`.
    pub fn is_beta(&self) -> bool {
        self.private.as_ref().is_some_and(|private| private.is_beta)
    }

    /// Returns a candidate of which nothing but the version is known, and which installs everywhere.
    pub fn new(version: Version) -> Self {
        Self {
            version,
            yanked: false,
            deprecated: false,
            requires_python: None,
            published: None,
            age: AgeRule::Applies,
            wheels: PlatformSet::ALL,
            sdist: false,
            private: None,
        }
    }
}

/// A set of platforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct PlatformSet(u8);

impl PlatformSet {
    /// No platform.
    pub const NONE: Self = Self(0);
    /// Every platform.
    pub const ALL: Self = Self(0x7f);

    /// Returns the platforms that are in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Returns the platforms that are in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the platforms that are in this set and not in the other.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Adds a platform.
    pub fn insert(&mut self, platform: Platform) {
        self.0 |= 1 << platform as u8;
    }

    /// Returns whether a platform is in the set.
    pub fn contains(self, platform: Platform) -> bool {
        self.0 & (1 << platform as u8) != 0
    }
}

impl From<Platform> for PlatformSet {
    fn from(platform: Platform) -> Self {
        Self(1 << platform as u8)
    }
}

/// The metadata of one version.
#[derive(Clone, Debug, Default)]
pub struct Release {
    /// The dependencies, in the order of the metadata. Bundled ones are left out.
    pub dependencies: Vec<Dependency>,
    /// npm: the packages that its archive has in it.
    pub bundled: Vec<PackageName>,
    /// Python: whether only a build would tell its dependencies, and nothing lets it be built.
    pub lacks_metadata: bool,
    /// Python: the platforms whose wheels declare each dependency, in the same order; empty if all declare all.
    pub declared_on: Vec<PlatformSet>,
    /// Python: the extras that it declares.
    pub extras: Vec<ExtraName>,
    /// The artifacts for all declared platforms.
    pub artifacts: Vec<Artifact>,
    /// The facts that a sync needs.
    pub facts: Facts,
    /// For a path package: its folder relative to the root.
    pub folder: Option<Arc<str>>,
    /// For a private package: what its registry states of the version.
    pub attestation: Option<Attestation>,
    /// For a package that is more than its name: which one it is.
    pub identity: Option<Box<Identity>>,
}

/// Which package a release is of, by its own word: names and identifiers belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name as the package itself spells it.
    pub name: PackageName,
    /// The identifier.
    pub uid: Uid,
    /// The names and identifiers of the packages that it depends on.
    pub depends_on: Vec<(PackageName, Uid)>,
}

/// One dependency of a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The kind of dependency.
    pub kind: DependencyKind,
    /// The requirement.
    pub wants: Wants,
    /// The condition beside the requirement's own. `extra == '…'` refers to a feature of the dependent.
    pub when: Marker,
}

impl Dependency {
    /// Creates a dependency whose only condition is its requirement's own.
    pub fn new(kind: DependencyKind, wants: Wants) -> Self {
        Self { kind, wants, when: Marker::default() }
    }
}

/// The requirement of a dependency.
#[derive(Clone, Debug, PartialEq)]
pub enum Wants {
    /// A requirement that larder can resolve.
    Requirement(Requirement),
    /// A requirement for a package from outside of registries. A manifest of the project may have one; a package may where the
    /// settings let it.
    Source {
        /// The requirement.
        requirement: Requirement,
        /// Where the package is to come from.
        source: Source,
        /// The requirement as written.
        text: String,
    },
    /// A requirement that larder refuses: a range that does not parse. A version with one is not chosen,
    /// unless the dependency is optional.
    Unsupported {
        /// The name it is seen under.
        name: PackageName,
        /// The requirement as written.
        text: String,
        /// Why it is refused, in a few words.
        reason: String,
    },
}

impl Wants {
    /// Returns the name that it is seen under.
    pub fn seen_as(&self) -> &PackageName {
        match self {
            Self::Requirement(requirement) | Self::Source { requirement, .. } => requirement.seen_as(),
            Self::Unsupported { name, .. } => name,
        }
    }
}

/// The kinds of dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DependencyKind {
    /// The dependency must be there.
    Normal,
    /// The dependency may be missing.
    Optional,
    /// An ancestor provides it.
    Peer,
    /// An ancestor may provide it; it makes nothing reachable.
    OptionalPeer,
}

impl DependencyKind {
    /// Returns whether an ancestor provides it.
    pub fn is_peer(self) -> bool {
        matches!(self, Self::Peer | Self::OptionalPeer)
    }
}
