//! Builds: which packages may be built, and what the lock holds of their build tools and of their install scripts.

use std::collections::{BTreeMap, BTreeSet};

use std::sync::Arc;

use super::{
    Dependent, Digest, Edge, FileUrl, Graph, Instance, InstanceKey, Level, Marker, Package, PackageId, PackageKey,
    PackageName, Platform, Requirement, RootEdge, Version,
};

/// The packages that the manifest lets be built: `builds { allow pypi "psycopg2" ">=2.9" }`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BuildRules {
    /// The `allow` lines.
    pub approvals: Vec<BuildApproval>,
    /// `env "CFLAGS"`: the variables of the user that builds see.
    pub env: Vec<Box<str>>,
    /// `isolation "strict"`: how well builds are locked in.
    pub isolation: Level,
}

/// One `allow` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildApproval {
    /// The package.
    pub package: PackageId,
    /// The versions that may be built. `None` for all.
    pub versions: Option<Requirement>,
    /// `tools="pg_config"`: programs of the machine that its build sees besides the toolchain.
    pub tools: Vec<Box<str>>,
    /// The files that its build downloads.
    pub files: Vec<BuildFile>,
    /// `requires "numpy" "setuptools<82"`: what its build needs besides what it says itself, as PEP 508 has it.
    pub requires: Vec<Box<str>>,
}

/// `file "https://…" sha256="…"`: a file that a build downloads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildFile {
    /// Where it is.
    pub url: FileUrl,
    /// The SHA-256 of its content.
    pub digest: Digest,
}

/// The build tools and the install scripts that a lock holds.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Builds {
    /// The requirements of each package that has to be built on some declared platform.
    pub requirements: BTreeMap<PackageKey, BuildRequirements>,
    /// The packages that these chose, each once.
    pub tools: BTreeMap<PackageKey, Package>,
    /// The install scripts of each package whose scripts may run.
    pub scripts: BTreeMap<PackageKey, LockedScripts>,
}

/// The install scripts of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedScripts {
    /// The digest of their text.
    pub digest: Digest,
    /// The digest of those that were approved, if it is another one. Until these are approved too, none run.
    pub approved: Option<Digest>,
}

/// The build requirements of one package: a solution of their own, apart from the project's.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BuildRequirements {
    /// `build-system.requires` (PEP 518) and what the back end asked for besides (PEP 517), as PEP 508 writes it, sorted; of an npm
    /// package all that its package.json asks for: `rollup@^4`.
    pub requires: Vec<String>,
    /// The chosen tools, each with the declared platforms on which it is needed, sorted. Empty means all.
    pub tools: BTreeMap<PackageKey, Vec<Platform>>,
    /// What the tools and the package itself find by name, where each dependent has a scope of its own. Empty where all share one
    /// folder.
    pub instances: BTreeMap<InstanceKey, Instance>,
}

impl BuildApproval {
    fn admits(&self, version: &Version) -> bool {
        self.versions.as_ref().is_none_or(|range| range.matches(version))
    }
}

impl BuildRules {
    /// Returns whether a version may be built.
    pub fn approves(&self, package: &PackageId, version: &Version) -> bool {
        self.approvals_of(package, version).next().is_some()
    }

    fn approvals_of(&self, package: &PackageId, version: &Version) -> impl Iterator<Item = &BuildApproval> {
        self.approvals.iter().filter(move |approval| approval.package == *package && approval.admits(version))
    }

    /// Returns whether a source distribution of this name and version may be built.
    pub fn approves_source(&self, name: &PackageName, version: &Version) -> bool {
        let is_of = |approval: &&BuildApproval| {
            approval.package.ecosystem.has_source_distributions() && approval.package.name == *name
        };
        self.approvals.iter().filter(is_of).any(|approval| approval.admits(version))
    }

    /// Returns the programs of the machine that the build of a version may see.
    pub fn tools_of(&self, package: &PackageId, version: &Version) -> BTreeSet<&str> {
        self.approvals_of(package, version).flat_map(|approval| &approval.tools).map(|tool| &**tool).collect()
    }

    /// Returns what the build of a version needs besides what it says itself.
    pub fn requires_of(&self, package: &PackageId, version: &Version) -> BTreeSet<&str> {
        self.approvals_of(package, version).flat_map(|approval| &approval.requires).map(|wanted| &**wanted).collect()
    }

    /// Returns the files that the build of a version downloads, sorted.
    pub fn files_of(&self, package: &PackageId, version: &Version) -> BTreeSet<&BuildFile> {
        self.approvals_of(package, version).flat_map(|approval| &approval.files).collect()
    }

    /// Returns whether some version of a package may be built.
    pub fn names(&self, package: &PackageId) -> bool {
        self.approvals.iter().any(|approval| approval.package == *package)
    }
}

/// Tools that are built themselves are built with tools that are, no more often than this: more is a circle.
pub const DEEPEST_TOOL: usize = 8;

impl Builds {
    /// Returns the requirements of a package, if all that they chose is here and they have what its `allow` lines add. A tool that is only
    /// there as source is whole itself, and a line lets it be built.
    pub fn whole(&self, package: &PackageKey, rules: &BuildRules) -> Option<&BuildRequirements> {
        self.whole_below(package, rules, DEEPEST_TOOL)
    }

    fn whole_below(&self, package: &PackageKey, rules: &BuildRules, depth: usize) -> Option<&BuildRequirements> {
        self.requirements.get(package).filter(|locked| {
            let mut added = rules.requires_of(&package.id, &package.version).into_iter();
            let is_let = |tool: &PackageKey| {
                rules.approves(&tool.id, &tool.version)
                    && depth.checked_sub(1).is_some_and(|depth| self.whole_below(tool, rules, depth).is_some())
            };
            let is_whole =
                |tool: &PackageKey| self.tools.get(tool).is_some_and(|package| !package.needs_build() || is_let(tool));
            locked.tools.keys().all(is_whole) && added.all(|wanted| locked.requires.iter().any(|known| known == wanted))
        })
    }

    /// Returns whether more tools of a package have to be built one behind the other than are.
    pub fn is_too_deep(&self, package: &PackageKey) -> bool {
        let mut level: BTreeSet<&PackageKey> = [package].into();
        for _ in 0..=DEEPEST_TOOL {
            let needed = level.iter().filter_map(|tool| self.requirements.get(*tool));
            let tools = needed.flat_map(|needed| needed.tools.keys());
            level = tools.filter(|tool| self.tools.get(*tool).is_some_and(Package::needs_build)).collect();
        }
        !level.is_empty()
    }

    /// Returns the tools that build a package on a platform, with their artifacts. A tool that is missing, as a merge can leave
    /// it, is left out.
    pub fn tools_of<'b>(
        &'b self,
        package: &PackageKey,
        platform: Platform,
    ) -> impl Iterator<Item = (&'b PackageKey, &'b Package)> {
        let needed = self.requirements.get(package).into_iter().flat_map(|requirements| &requirements.tools);
        needed
            .filter(move |(_, platforms)| platforms.is_empty() || platforms.contains(&platform))
            .filter_map(|(tool, _)| self.tools.get_key_value(tool))
    }

    /// Returns a graph of a package and of what builds it, with one line, which leads to the package.
    pub fn graph_of(&self, key: &PackageKey, package: &Package) -> Graph {
        let requirements = self.requirements.get(key);
        let tools = requirements.into_iter().flat_map(|needed| needed.tools.keys());
        let tools = tools.filter_map(|tool| self.tools.get_key_value(tool));
        let mut packages: BTreeMap<_, _> = tools.map(|(tool, package)| (tool.clone(), package.clone())).collect();
        packages.insert(key.clone(), package.clone());
        let own = InstanceKey { package: key.clone(), peers: Arc::from("") };
        let mut instances = requirements.map(|needed| needed.instances.clone()).unwrap_or_default();
        instances.entry(own.clone()).or_default();
        let name = &key.id.name;
        let line = RootEdge {
            dependent: Dependent::Project,
            group: None,
            // It lies in a folder while it is built.
            requirement: Requirement::path(name.clone(), name.clone(), Arc::from(""), Marker::default()),
            optional: false,
            to: vec![Edge::plain(own)],
        };
        Graph { roots: vec![line], packages, instances, ..Graph::default() }
    }

    /// Returns whether nothing has to be built.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && self.scripts.is_empty()
    }

    /// Returns the digest of a package's install scripts, if they are locked and approved as they are.
    pub fn approved_scripts(&self, package: &PackageKey) -> Option<&Digest> {
        self.scripts.get(package).filter(|scripts| scripts.approved.is_none()).map(|scripts| &scripts.digest)
    }
}
