//! Freshness: whether a lock still satisfies the manifest, decided by meaning and offline.
//!
//! Every declared line has its edges in the lock, these satisfy it, and nothing else is there: widening a range leaves
//! a lock fresh; a new, removed or moved line, a range that the locked version does not satisfy, other platforms,
//! runtimes or rules make it stale. What a dist-tag stands for is not known offline: an unchanged one is satisfied. A
//! newer edition of the list of forgotten dependencies is no reason: a lock keeps its own until everything is updated.

mod comparison;
mod lines;
mod local_packages;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::model::{
    Artifact, BuildRules, Graph, InstanceKey, Label, LockedRuntime, Origin, Package, PackageId, PackageKey,
    PackageName, Routes, RuntimeKey, RuntimeName, Runtimes, Settings, Sides, TargetInstance, TargetPlatform, Version,
};
use crate::resolve::{Dependency, RequiredLine};

use comparison::LockComparison;

use super::Lockfile;

/// The declarations of all manifests.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredState<'a> {
    /// The lines of all manifests.
    pub lines: &'a [RequiredLine],
    /// Platforms, runtimes and rules.
    pub settings: &'a Settings,
    /// The groups that no environment includes. Where one of them has no solution, the lock has nothing of it.
    pub idle_groups: &'a BTreeSet<Label>,
    /// The path packages, by folder: all that the lines lead to; others are ignored.
    pub folders: &'a BTreeMap<Arc<str>, LocalManifest>,
    /// The sides of the manifest's conflicts.
    pub sides: &'a Sides,
    /// The registries of packages that come from several, for each side; one where there are no sides.
    pub routes: &'a [Routes],
}

/// A local package, as its own manifest declares it.
#[derive(Clone, Debug)]
pub struct LocalManifest {
    /// The package's name.
    pub name: PackageName,
    /// The package's version.
    pub version: Version,
    /// The dependencies.
    pub dependencies: Vec<Dependency>,
}

/// Whether a lock is fresh, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Freshness {
    /// Why it is stale, in the order of settings, lines, packages; empty when it is fresh.
    pub reasons: Vec<StaleReason>,
}

impl Freshness {
    /// Returns whether the lock is fresh.
    pub fn is_fresh(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Why a lock is stale. Displayed as a lowercase sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StaleReason {
    /// A setting is not the one that was solved for.
    Setting(&'static str),
    /// A runtime that larder brings, of which the declared version, platform or source is not locked.
    Runtime(&'static str),
    /// A line that the lock does not know.
    Added {
        /// The line's place among the declared lines.
        line: usize,
        /// The line.
        what: String,
    },
    /// A line that is gone.
    Removed {
        /// The locked line.
        what: String,
    },
    /// A line that the locked versions do not satisfy.
    Unsatisfied {
        /// The line's place among the declared lines.
        line: usize,
        /// The line.
        what: String,
        /// The versions that are locked for it.
        locked: Vec<PackageKey>,
    },
    /// A path package whose own manifest has changed.
    Folder {
        /// The folder.
        folder: Arc<str>,
        /// The change.
        what: String,
    },
    /// A file of the checkout that is not what its package was locked from.
    File {
        /// Its path.
        file: Arc<str>,
        /// The package.
        package: PackageKey,
        /// Whether there is a file.
        there: bool,
    },
    /// A package that may be built, and of whose build tools some are not there.
    Tools {
        /// The package.
        package: PackageKey,
    },
    /// A package whose install scripts may run and are not locked, or are locked and may not run any more.
    Scripts {
        /// The package.
        package: PackageKey,
        /// Whether they are locked.
        locked: bool,
    },
    /// An edge to a package that is not there.
    Dangling {
        /// The missing instance.
        to: InstanceKey,
    },
    /// A package that comes from several registries, and was locked from another than is named where it is needed; or
    /// that came from several and does no more.
    Rerouted {
        /// The package.
        package: PackageKey,
    },
    /// A package that the manifest does not take from the registry that it is locked from.
    Registry {
        /// The package.
        package: PackageKey,
        /// Where it is locked from; none where the lock does not say.
        locked: Option<Origin>,
        /// What messages call the place that it comes from now; none where no registry may serve it.
        now: Option<String>,
    },
}

/// The comparison of where a package comes from with where it is locked from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginMatch {
    /// The package comes, or may come, from there.
    Same,
    /// The package comes from elsewhere, which messages call this.
    Other(String),
    /// No registry may serve it.
    None,
}

impl fmt::Display for StaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(name) => write!(f, "`{name}` has changed"),
            Self::Runtime(name) => write!(f, "runtime `{name}` is not locked as it is declared"),
            Self::Added { what, .. } => write!(f, "{what} is not locked"),
            Self::Removed { what } => write!(f, "{what} is locked and no longer wanted"),
            Self::Unsatisfied { what, locked, .. } if locked.is_empty() => write!(f, "{what} is not locked"),
            Self::Unsatisfied { what, locked, .. } => {
                let locked: Vec<_> = locked.iter().map(|key| key.version.to_string()).collect();
                write!(f, "{what} is not satisfied by {}", locked.join(", "))
            }
            Self::Folder { folder, what } if folder.is_empty() => write!(f, "the project's own package: {what}"),
            Self::Folder { folder, what } => write!(f, "`{folder}`: {what}"),
            Self::File { file, package, there: true } => {
                write!(f, "`{file}` has changed since {package} was locked from it")
            }
            Self::File { file, package, .. } => write!(
                f,
                "`{file}` is not there, and {package} is locked from it: bring it back, or change the line that names it"
            ),
            Self::Tools { package } => write!(f, "the tools that build {package} are not locked"),
            Self::Scripts { package, locked: false } => write!(f, "the install scripts of {package} are not locked"),
            Self::Scripts { package, .. } => write!(f, "the install scripts of {package} are locked and may not run"),
            Self::Dangling { to } => write!(f, "{to} is needed and not locked"),
            Self::Rerouted { package } => write!(f, "{package} is not what the lines' `registry=` lead to now"),
            Self::Registry { package, locked, now } => {
                match locked {
                    Some(locked) => write!(f, "{package} is locked from {}", locked.described())?,
                    None => write!(f, "{package} is locked from no registry")?,
                }
                match now {
                    Some(now) => write!(f, " and comes from {now} now"),
                    None => f.write_str(" and no registry serves it now"),
                }
            }
        }
    }
}

/// Compares a lock with what the manifests declare.
pub fn freshness(lock: &Lockfile, declared: &DeclaredState<'_>) -> Freshness {
    let mut reasons = changed_settings(&lock.settings, declared.settings);
    let is_raised = covers(&lock.settings.platforms, &declared.settings.platforms)
        && !covers(&declared.settings.platforms, &lock.settings.platforms);
    // On a newer system a wheel may do where an older one had none.
    if is_raised && lock.graph.packages.values().any(has_source_alone) {
        reasons.push(StaleReason::Setting("platforms"));
    }
    reasons.extend(changed_runtimes(&lock.runtimes, declared.settings));
    let comparison = LockComparison {
        locked: &lock.settings,
        wanted: declared.settings,
        python: declared.settings.marker_python_of(&lock.runtimes),
    };
    let is_locked = |group: &Label| lock.graph.roots.iter().any(|root| root.group.as_ref() == Some(group));
    let left_out: BTreeSet<&Label> = declared.idle_groups.iter().filter(|group| !is_locked(group)).collect();
    let is_left_out = |line: &RequiredLine| line.group.as_ref().is_some_and(|group| left_out.contains(group));
    let everything: Vec<_> = declared.lines.iter().enumerate().filter(|(_, line)| !is_left_out(line)).collect();
    let usual = Routes::default();
    if lock.graph.sides != *declared.sides || lock.graph.has_edges_of_no_side() {
        reasons.push(StaleReason::Setting("conflicts"));
    } else if declared.sides.is_empty() {
        solution(
            &comparison,
            &lock.graph,
            &everything,
            (declared, declared.routes.first().unwrap_or(&usual)),
            &mut reasons,
        );
    } else {
        // Each solution has to do for the lines that count on its side.
        for (place, side) in declared.sides.iter().enumerate() {
            let routes = declared.routes.get(place).unwrap_or(&usual);
            let counts = |(_, line): &(usize, &RequiredLine)| declared.sides.counts(line.group.as_ref(), side);
            let lines: Vec<_> = everything.iter().copied().filter(counts).collect();
            let mut found = Vec::new();
            solution(&comparison, &lock.graph.on(side), &lines, (declared, routes), &mut found);
            found.retain(|reason| !reasons.contains(reason));
            reasons.append(&mut found);
        }
    }
    for dangling in lock.dangling() {
        let reason = StaleReason::Dangling { to: dangling.to };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons.extend(without_tools(lock, &declared.settings.builds));
    reasons.extend(scripts_changed(lock, &declared.settings.builds));
    Freshness { reasons }
}

/// Returns the packages that have to be built on some platform, may be, and of whose tools some are not locked.
fn without_tools<'a>(lock: &'a Lockfile, rules: &'a BuildRules) -> impl Iterator<Item = StaleReason> + 'a {
    let is_built = |package: &Package| package.artifacts.iter().any(|artifact| artifact.kind.needs_build());
    let has_tools = |key: &PackageKey| lock.builds.whole(key, rules).is_some();
    let packages = lock.graph.packages.iter();
    packages
        .filter(move |(key, package)| is_built(package) && rules.approves(&key.id, &key.version) && !has_tools(key))
        .map(|(key, _)| StaleReason::Tools { package: key.clone() })
}

/// Returns the packages and tools whose install scripts may run and are not locked, and those of which it is the other way round.
fn scripts_changed<'a>(lock: &'a Lockfile, rules: &'a BuildRules) -> impl Iterator<Item = StaleReason> + 'a {
    let is_changed = |(key, package): &(&PackageKey, &Package)| {
        let locked = lock.builds.scripts.contains_key(*key);
        let wanted = package.has_scripts(key.id.ecosystem) && rules.approves(&key.id, &key.version);
        (locked != wanted).then(|| StaleReason::Scripts { package: (*key).clone(), locked })
    };
    // Most manifests approve nothing, and their locks are looked at no further.
    let is_tool =
        |(key, tool): &(&PackageKey, &Package)| !tool.needs_build() && !lock.graph.packages.contains_key(*key);
    let tools = lock.builds.tools.iter().filter(is_tool);
    let packages = (!rules.approvals.is_empty() || !lock.builds.scripts.is_empty())
        .then(|| lock.graph.packages.iter().chain(tools));
    packages.into_iter().flatten().filter_map(move |package| is_changed(&package))
}

/// Compares one solution with the lines that count for it.
fn solution(
    comparison: &LockComparison<'_>,
    graph: &Graph,
    lines: &[(usize, &RequiredLine)],
    (declared, routes): (&DeclaredState<'_>, &Routes),
    reasons: &mut Vec<StaleReason>,
) {
    comparison.lines(graph, lines, reasons);
    comparison.folders(graph, declared.folders, reasons);
    reasons.extend(rerouted(graph, routes));
}

/// Returns the packages that the lines' registries do not lead to on any platform of an edge.
fn rerouted(graph: &Graph, routes: &Routes) -> BTreeSet<StaleReason> {
    let edges = graph.roots.iter().flat_map(|root| &root.to);
    let edges = edges.chain(graph.instances.values().flat_map(|instance| &instance.edges));
    edges
        .filter(|edge| !routes.leads_to(&edge.to.package.id, &edge.platforms))
        .map(|edge| StaleReason::Rerouted { package: edge.to.package.clone() })
        .collect()
}

/// Returns the packages that the lock has from where they do not come from. `route` compares a package with the place that
/// it is locked from. Local packages come from none.
pub fn misrouted(lock: &Lockfile, route: impl Fn(&PackageId, Option<&Origin>) -> OriginMatch) -> Vec<StaleReason> {
    let moved = |(key, package): (&PackageKey, &Package)| {
        if key.id.ecosystem.is_local() {
            return None;
        }
        let now = match route(&key.id, package.origin.as_ref()) {
            OriginMatch::Same => return None,
            OriginMatch::Other(now) => Some(now),
            OriginMatch::None => None,
        };
        Some(StaleReason::Registry { package: key.clone(), locked: package.origin.clone(), now })
    };
    lock.graph.packages.iter().filter_map(moved).collect()
}

fn changed_settings(locked: &Settings, wanted: &Settings) -> Vec<StaleReason> {
    let tightened = match (&locked.released_before, &wanted.released_before) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(locked), Some(wanted)) => wanted < locked,
    };
    [
        ("platforms", !covers(&locked.platforms, &wanted.platforms)),
        ("node", locked.node != wanted.node),
        ("python", locked.python != wanted.python),
        ("npm-peers", locked.npm_peers != wanted.npm_peers),
        ("prereleases", locked.prereleases != wanted.prereleases),
        ("engines", locked.engines != wanted.engines),
        ("released-before", tightened),
        ("age", wanted.age.is_some() && locked.age_cutoff.is_none()),
        ("override", locked.overrides != wanted.overrides),
        ("extend", locked.extensions != wanted.extensions),
        ("writable", locked.writable != wanted.writable),
        ("owner", locked.owners != wanted.owners),
        ("patch", locked.patches != wanted.patches),
        (TargetInstance::ECOSYSTEM.as_str(), locked.instance != wanted.instance),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(StaleReason::Setting(name)))
    .collect()
}

/// Returns the runtimes that larder brings and that are not locked as they are declared.
fn changed_runtimes(locked: &Runtimes, wanted: &Settings) -> Vec<StaleReason> {
    let is_fresh = |name: RuntimeName| match wanted.managed.get(name) {
        Some(rule) => {
            let keys = locked.0.iter().filter(|(key, _)| key.name == name);
            let fits = |(key, runtime): (&RuntimeKey, &LockedRuntime)| {
                rule.admits(key.version) && runtime.source == rule.source
            };
            let has = |target: &TargetPlatform| locked.on(name, target.platform).is_some();
            keys.clone().all(fits) && !(rule.exact && keys.count() > 1) && wanted.platforms.iter().all(has)
        }
        None => locked.0.keys().all(|key| key.name != name),
    };
    let stale = RuntimeName::ALL.into_iter().filter(|name| !is_fresh(*name));
    stale.map(|name| StaleReason::Runtime(name.as_str())).collect()
}

/// Returns whether a package is locked as a source distribution, without a wheel.
fn has_source_alone(package: &Package) -> bool {
    let files = &package.artifacts;
    files.iter().any(|file| file.kind.needs_build()) && !files.iter().any(Artifact::is_wheel)
}

/// Returns whether the platforms are the same, and none must run on older systems than before.
fn covers(locked: &[TargetPlatform], wanted: &[TargetPlatform]) -> bool {
    let names = |targets: &[TargetPlatform]| targets.iter().map(|t| t.platform).collect::<BTreeSet<_>>();
    names(locked) == names(wanted)
        && wanted.iter().all(|wanted| {
            locked.iter().any(|locked| locked.platform == wanted.platform && locked.baseline <= wanted.baseline)
        })
}
