//! The solved graph: what resolution yields, the lockfile keeps, and plans and profiles read.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Artifact, ExtraName, Label, PackageId, PackageName, Platform, Requirement, Side, Sides, Version};

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
    /// The bound peers in canonical form, `(react@18.3.1)(zod@3.2.0)`; where that does not tell two instances apart,
    /// a `~` and a short hash of the whole binding follow.
    pub peers: Arc<str>,
}

impl fmt::Display for InstanceKey {
    /// Writes `npm:react-dom@18.3.1(react@18.3.1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.package, self.peers)
    }
}

/// Who asks for something in a manifest.
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
    /// A plain dependency.
    Normal,
    /// One that may be missing.
    Optional,
    /// A peer: provided by an ancestor.
    Peer,
    /// A peer that may be missing and was found: it makes nothing reachable.
    OptionalPeer,
}

/// A dependency as it was solved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The name under which the dependent sees it: an npm alias, else the package's own name.
    pub name: PackageName,
    /// What it got.
    pub to: InstanceKey,
    /// How it binds.
    pub kind: EdgeKind,
    /// The extra of the *dependent* under which the edge holds.
    pub extra: Option<ExtraName>,
    /// The extras of the target that are asked for, sorted.
    pub extras: Vec<ExtraName>,
    /// The declared platforms on which it holds, sorted; empty means all.
    pub platforms: Vec<Platform>,
    /// For a relaxed peer: the range that the target does not satisfy.
    pub unmet: Option<String>,
    /// The sides of the project's conflicts on which it holds, sorted; empty means all on which its dependent is there.
    pub sides: Vec<Side>,
}

impl Edge {
    /// Tells whether the edge holds on a side; one without sides does everywhere.
    pub fn is_on(&self, side: Option<&Side>) -> bool {
        self.sides.is_empty() || side.is_some_and(|side| self.sides.contains(side))
    }
}

/// An optional dependency that had no match and was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dropped {
    /// The name under which it was asked for.
    pub name: PackageName,
    /// The range that was asked for.
    pub range: String,
    /// Why nothing fitted, in a few words.
    pub reason: String,
}

/// The edges of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Instance {
    /// Its dependencies, sorted.
    pub edges: Vec<Edge>,
    /// Its optional dependencies that were left out, sorted.
    pub dropped: Vec<Dropped>,
}

/// A manifest line and what it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootEdge {
    /// Whose manifest the line is in.
    pub dependent: Dependent,
    /// The group that the line is in; none for `dependencies`.
    pub group: Option<Label>,
    /// The requirement as declared.
    pub requirement: Requirement,
    /// Whether the line may go unmatched.
    pub optional: bool,
    /// The instances that it got: none where an optional line was dropped or holds on no declared platform; several
    /// where platforms force different versions.
    pub to: Vec<Edge>,
}

/// What sync must know of a package without asking its registry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Facts {
    /// npm's `os` list; empty allows all.
    pub os: Vec<String>,
    /// npm's `cpu` list.
    pub cpu: Vec<String>,
    /// npm's `libc` list.
    pub libc: Vec<String>,
    /// npm's `engines.node`.
    pub node: Option<String>,
    /// Python's `Requires-Python`.
    pub requires_python: Option<String>,
    /// Whether it declares executables.
    pub bin: bool,
    /// Whether it declares install scripts, which larder never runs.
    pub install_script: bool,
    /// npm's deprecation message.
    pub deprecated: Option<String>,
    /// Python: whether its registry had withdrawn it (PEP 592) when it was locked.
    pub yanked: bool,
}

impl Facts {
    /// Tells whether npm's lists admit a platform.
    pub fn admit(&self, platform: Platform) -> bool {
        platform.allows(&self.os, &self.cpu, &self.libc)
    }

    /// Returns which of npm's lists rule a platform out, as the beginning of a sentence: "its `os` is win32". `None` if
    /// they admit it.
    pub fn why_not(&self, platform: Platform) -> Option<String> {
        let lists = [
            ("os", &self.os, platform.allows(&self.os, &[], &[])),
            ("cpu", &self.cpu, platform.allows(&[], &self.cpu, &[])),
            ("libc", &self.libc, platform.allows(&[], &[], &self.libc)),
        ];
        let closed = lists.into_iter().filter(|(_, _, admits)| !admits);
        let said: Vec<_> = closed.map(|(name, list, _)| format!("its `{name}` is {}", list.join(", "))).collect();
        (!said.is_empty()).then(|| said.join(" and "))
    }
}

/// A package with what is needed to fetch and install it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The registry that it comes from; for a path package, none.
    pub registry: Option<Label>,
    /// For a path package: its folder relative to the root.
    pub folder: Option<Arc<str>>,
    /// What there is to fetch, sorted: one tarball, or the wheels that declared platforms need.
    pub artifacts: Vec<Artifact>,
    /// What sync must know.
    pub facts: Facts,
}

/// Everything that was solved, for all environments and platforms at once. Where groups exclude each other, it holds a
/// solution for each side, joined: see [`Graph::on`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Graph {
    /// The manifest lines; a lock has them in its canonical order.
    pub roots: Vec<RootEdge>,
    /// The packages.
    pub packages: BTreeMap<PackageKey, Package>,
    /// Their instances; each package has at least one, and each edge's target is a key here.
    pub instances: BTreeMap<InstanceKey, Instance>,
    /// The sides of which it has a solution each; empty where one solution serves all.
    pub sides: Sides,
}
