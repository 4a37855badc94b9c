//! The solved graph: produced by resolution, stored in the lockfile, read by plans and profiles.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{
    Artifact, Attestation, Ecosystem, ExtraName, Facts, Label, Origin, PackageId, PackageName, Platform, Requirement,
    Side, Sides, Version,
};

/// One version of one package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageKey {
    /// The package.
    pub id: PackageId,
    /// Its version.
    pub version: Version,
}

impl fmt::Display for PackageKey {
    /// Writes `npm:react@18.3.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

/// One way in which a package's peers are bound. Packages without peers have one instance, whose `peers` is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceKey {
    /// The package.
    pub package: PackageKey,
    /// The bound peers in canonical form, `(react@18.3.1)(zod@3.2.0)`. If two instances would look the same, a `~` and a
    /// short hash of the whole binding follow.
    pub peers: Arc<str>,
}

impl fmt::Display for InstanceKey {
    /// Writes `npm:react-dom@18.3.1(react@18.3.1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.package, self.peers)
    }
}

/// The manifest that a dependency is declared in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dependent {
    /// The root manifest.
    Project,
    /// A member, by its folder relative to the root, with `/` between parts.
    Member(Arc<str>),
}

/// How a dependency binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// A required dependency.
    Normal,
    /// A dependency that may be missing.
    Optional,
    /// A peer, provided by an ancestor.
    Peer,
    /// An optional peer that was found. It makes nothing reachable.
    OptionalPeer,
}

/// A solved dependency.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The name that the dependent uses: an npm alias, or the package's own name.
    pub name: PackageName,
    /// The instance that was chosen.
    pub to: InstanceKey,
    /// How it binds.
    pub kind: EdgeKind,
    /// The extra of the *dependent* under which the edge holds.
    pub extra: Option<ExtraName>,
    /// The extras of the target that are asked for, sorted.
    pub extras: Vec<ExtraName>,
    /// The declared platforms on which it holds, sorted. Empty means all.
    pub platforms: Vec<Platform>,
    /// The range that the target of a relaxed peer does not satisfy.
    pub unmet: Option<String>,
    /// The sides of the project's conflicts on which it holds, sorted. Empty means all sides of its dependent.
    pub sides: Vec<Side>,
}

impl Edge {
    /// Returns a plain dependency on an instance, under the name of its package.
    pub fn plain(to: InstanceKey) -> Self {
        Self {
            name: to.package.id.name.clone(),
            to,
            kind: EdgeKind::Normal,
            extra: None,
            extras: Vec::new(),
            platforms: Vec::new(),
            unmet: None,
            sides: Vec::new(),
        }
    }

    /// Returns whether the edge holds on a side.
    pub fn is_on(&self, side: Option<&Side>) -> bool {
        self.sides.is_empty() || side.is_some_and(|side| self.sides.contains(side))
    }
}

/// An optional dependency that had no match and was left out, or a peer that nobody provides. Optional peers are listed only
/// where the lock has a package of their name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dropped {
    /// The name that the dependent uses.
    pub name: PackageName,
    /// The range that nothing satisfied.
    pub range: String,
    /// The reason, in a few words.
    pub reason: String,
}

/// The edges of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Instance {
    /// Its dependencies, sorted.
    pub edges: Vec<Edge>,
    /// Its optional dependencies and peers that were left out, sorted.
    pub dropped: Vec<Dropped>,
}

/// A line of a manifest with the instances chosen for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootEdge {
    /// The manifest of the line.
    pub dependent: Dependent,
    /// The group of the line. `None` for `dependencies`.
    pub group: Option<Label>,
    /// The requirement as declared.
    pub requirement: Requirement,
    /// Whether the line may have no match.
    pub optional: bool,
    /// The chosen instances. Empty if an optional line was dropped, or the line holds on no declared platform. Several if
    /// platforms need different versions.
    pub to: Vec<Edge>,
}

/// What two lines have in common of which one may have become the other.
pub type LineKey<'a> = (&'a Dependent, Option<&'a Label>, Ecosystem, &'a PackageName);

impl RootEdge {
    /// Returns what tells the line from those for other packages.
    pub fn line_key(&self) -> LineKey<'_> {
        (&self.dependent, self.group.as_ref(), self.requirement.ecosystem(), self.requirement.seen_as())
    }
}

/// A package with what is needed to fetch and install it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Where it comes from. `None` for a path package.
    pub origin: Option<Origin>,
    /// The folder of a path package, relative to the root.
    pub folder: Option<Arc<str>>,
    /// The files to fetch, sorted: one tarball, or the wheels that the declared platforms need.
    pub artifacts: Vec<Artifact>,
    /// The metadata that `sync` needs.
    pub facts: Facts,
    /// What the registry of a private package states of it. `None` for other packages.
    pub attestation: Option<Attestation>,
}

impl Package {
    /// Returns whether the package is only there as source, on some platform at least.
    pub fn needs_build(&self) -> bool {
        self.artifacts.iter().any(|artifact| artifact.kind.needs_build())
    }

    /// Returns whether scripts of a package of this ecosystem run, where they may: when it is installed, or to make it of its sources.
    pub fn has_scripts(&self, ecosystem: Ecosystem) -> bool {
        ecosystem.has_install_scripts() && (self.facts.install_script || self.needs_build())
    }

    /// Returns the artifact that serves a platform: the source distribution only if no other does.
    pub fn artifact_for(&self, platform: Platform) -> Option<&Artifact> {
        let serves = |artifact: &&Artifact| artifact.platforms.is_empty() || artifact.platforms.contains(&platform);
        self.artifacts.iter().filter(serves).min_by_key(|artifact| artifact.kind.needs_build())
    }
}

/// The solution for all environments and platforms. If groups exclude each other, it joins a solution for each side: see
/// [`Graph::on`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Graph {
    /// The manifest lines; a lock has them in its canonical order.
    pub roots: Vec<RootEdge>,
    /// The packages.
    pub packages: BTreeMap<PackageKey, Package>,
    /// Their instances. Each package has at least one, and the target of each edge is a key.
    pub instances: BTreeMap<InstanceKey, Instance>,
    /// The sides that have a solution each. Empty if there is a single solution.
    pub sides: Sides,
}
