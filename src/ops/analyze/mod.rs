//! What an environment's packages look like, and what could be better.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `unused` | the direct dependencies that nothing in the checkout names |
//! | `names` | the words by which a package is named: modules, executables |
//! | `texts` | the parts of the checkout's files in which a name means a use |

mod names;
mod texts;
mod unused;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::lock::{Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::{CheckName, Origin, PackageId, PackageKey};
use crate::policy::UnusedLine;
use crate::profile::Profiles;
use crate::store::Tree;

use super::facts::locked_trees::{self, MissingTrees};
use super::outdated::{Newer, outdated};
use super::policies::is_asked_for;
use super::project::selection;
use super::{Project, Result, Session, generations::usage, lock};

pub use unused::UnusedDependency;

use unused::Unnamed;

/// `larder analyze --json`: see `schema/analyze.json`.
#[derive(Debug, Serialize)]
pub struct Analysis {
    /// The environment's name.
    pub environment: String,
    /// How many there are of what.
    pub counts: PackageCounts,
    /// Packages with several versions.
    pub conflicts: Vec<VersionConflict>,
    /// What nothing uses.
    pub unused: Unused,
    /// How many days ago each environment was last used by `run` or `use`; `null` where that is not known.
    pub days_since_use: BTreeMap<String, Option<u64>>,
    /// Direct dependencies with newer versions; `null` offline.
    pub outdated: Option<Vec<Newer>>,
    /// What to do, the most important first.
    pub recommendations: Vec<Recommendation>,
}

/// Numbers of packages.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageCounts {
    /// The packages, without their versions.
    pub packages: usize,
    /// The versions of packages.
    pub versions: usize,
    /// The versions that manifests name.
    pub direct: usize,
    /// The versions that only others need.
    pub indirect: usize,
    /// The versions of each ecosystem.
    pub by_ecosystem: BTreeMap<&'static str, usize>,
    /// The versions from each registry.
    pub by_registry: BTreeMap<String, usize>,
}

/// A package with several versions.
#[derive(Debug, Serialize)]
pub struct VersionConflict {
    /// `npm`, `pypi` or `larder`
    pub ecosystem: &'static str,
    /// The package's name.
    pub name: String,
    /// Its versions, in ascending order.
    pub versions: Vec<NeededVersion>,
}

/// A version, and who needs it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NeededVersion {
    /// The version.
    pub version: String,
    /// The packages and manifests that need it, sorted.
    pub needed_by: Vec<String>,
}

/// What nothing uses.
#[derive(Debug, Default, Serialize)]
pub struct Unused {
    /// The declared environments that were never built in this checkout.
    pub environments: Vec<String>,
    /// The direct dependencies that nothing in the checkout names.
    pub dependencies: Vec<UnusedDependency>,
}

/// What to do.
#[derive(Debug, Serialize)]
pub struct Recommendation {
    /// `deprecated`, `yanked`, `outdated`, `unused-dependency`, `conflict` or `unused-environment`
    pub r#type: &'static str,
    /// How important it is.
    pub priority: Priority,
    /// What is the case, as a sentence.
    pub message: String,
    /// What to run or to change.
    pub action: String,
}

/// How important something is, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// It harms, or may soon.
    High,
    /// It costs something.
    Medium,
    /// It is worth a look.
    Low,
}

/// Looks at what the environment needs on all declared platforms, at the checkout's own files, and unless larder is offline at what
/// registries have that is newer.
pub fn analyze(session: &Session<'_>) -> Result<Analysis> {
    let context = session.context;
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let lockfile = lock::existing(&project)?;
    let closure = Closure::of(&lockfile.graph, &selection(environment, None));
    let trees = locked_trees::of(session, &project, closure.packages(), MissingTrees::LeftOut)?;
    let unused = Unused {
        environments: never_built(&project)?,
        dependencies: unused::dependencies(&project, &closure, |key| trees.get(key))?.unused,
    };
    let outdated = if context.offline { None } else { Some(outdated(session)?.packages) };
    let conflicts = conflicts(&closure);
    let mut recommendations = of_packages(&closure);
    recommendations.extend(recommend(&conflicts, &unused, outdated.as_deref().unwrap_or_default()));
    recommendations.sort_by(|a, b| (a.priority, a.r#type, &a.message).cmp(&(b.priority, b.r#type, &b.message)));
    Ok(Analysis {
        environment: environment.name.to_string(),
        counts: counts(&closure, &lockfile),
        conflicts,
        unused,
        days_since_use: days_since_use(&project)?,
        outdated,
        recommendations,
    })
}

/// Returns how many days ago the environments that were built were last used.
fn days_since_use(project: &Project) -> Result<BTreeMap<String, Option<u64>>> {
    let built = project.profile()?.environments()?.into_iter();
    let days = |name: &str| usage::since(&project.root, name).map(|since| since.as_secs() / (24 * 60 * 60));
    Ok(built.map(|name| (name.to_string(), days(name.as_str()))).collect())
}

/// Looks for direct dependencies that nothing in the checkout names, in those environments whose policy says something of them.
/// What the store does not have is fetched, and offline it is unknown. Returns `None` if no policy says anything of them.
pub(super) fn asked_for(
    session: &Session<'_>,
    project: &Project,
    lockfile: &Lockfile,
    environments: &[&Environment],
) -> Result<Option<Vec<UnusedLine>>> {
    let mut found: Option<BTreeSet<UnusedLine>> = None;
    for environment in environments.iter().filter(|environment| is_asked_for(CheckName::Unused, environment)) {
        let closure = Closure::of(&lockfile.graph, &selection(environment, None));
        let direct = closure.direct();
        let packages = closure.packages().filter(|(key, _)| direct.contains(key));
        let trees = locked_trees::of(session, project, packages, MissingTrees::Fetched)?;
        found.get_or_insert_default().extend(unused_lines(project, &closure, |key| trees.get(key))?);
    }
    Ok(found.map(|lines| lines.into_iter().collect()))
}

/// Like [`asked_for`], in the closure of an environment whose trees were brought together.
pub(super) fn asked_for_in<'t>(
    project: &Project,
    environment: &Environment,
    closure: &Closure<'_>,
    tree: impl Fn(&PackageKey) -> Option<&'t Tree>,
) -> Result<Option<Vec<UnusedLine>>> {
    if !is_asked_for(CheckName::Unused, environment) {
        return Ok(None);
    }
    Ok(Some(unused_lines(project, closure, tree)?))
}

fn unused_lines<'t>(
    project: &Project,
    closure: &Closure<'_>,
    tree: impl Fn(&PackageKey) -> Option<&'t Tree>,
) -> Result<Vec<UnusedLine>> {
    let Unnamed { unused, unknown } = unused::dependencies(project, closure, tree)?;
    let line = |one: UnusedDependency, is_known| UnusedLine { package: one.locked, manifest: one.from, is_known };
    let known = unused.into_iter().map(|one| line(one, true));
    Ok(known.chain(unknown.into_iter().map(|one| line(one, false))).collect())
}

fn counts(closure: &Closure<'_>, lockfile: &Lockfile) -> PackageCounts {
    let direct = closure.direct();
    let mut counts = PackageCounts::default();
    let mut packages: BTreeSet<&PackageId> = BTreeSet::new();
    for (key, _) in closure.packages() {
        packages.insert(&key.id);
        counts.versions += 1;
        *(if direct.contains(key) { &mut counts.direct } else { &mut counts.indirect }) += 1;
        *counts.by_ecosystem.entry(key.id.ecosystem.as_str()).or_default() += 1;
        let origin = lockfile.graph.packages.get(key).and_then(|package| package.origin.as_ref());
        let registry = match origin {
            Some(Origin::Registry(registry)) => registry.to_string(),
            Some(Origin::Source(pinned)) => pinned.source.kind().to_owned(),
            None => "local".to_owned(),
        };
        *counts.by_registry.entry(registry).or_default() += 1;
    }
    counts.packages = packages.len();
    counts
}

/// Returns the packages with several versions, each version with those that need it.
fn conflicts(closure: &Closure<'_>) -> Vec<VersionConflict> {
    let of_lines = closure.roots.iter().flat_map(|root| {
        closure.root_edges(root).map(|edge| (&edge.to.package, super::project::manifest_of(&root.dependent)))
    });
    let of_packages = closure.instances.keys().flat_map(|instance| {
        let others = closure.edges(instance).filter(|edge| edge.to.package != instance.package);
        others.map(|edge| (&edge.to.package, instance.package.to_string()))
    });
    let mut needed: BTreeMap<&PackageId, BTreeMap<&PackageKey, BTreeSet<String>>> = BTreeMap::new();
    for (key, by) in of_lines.chain(of_packages) {
        needed.entry(&key.id).or_default().entry(key).or_default().insert(by);
    }
    let several = needed.into_iter().filter(|(_, versions)| versions.len() > 1);
    several
        .map(|(id, versions)| VersionConflict {
            ecosystem: id.ecosystem.as_str(),
            name: id.name.to_string(),
            versions: versions
                .into_iter()
                .map(|(key, by)| NeededVersion {
                    version: key.version.to_string(),
                    needed_by: by.into_iter().collect(),
                })
                .collect(),
        })
        .collect()
}

/// Returns the environments that the manifest declares and that have no generation in this checkout. None if none was ever built.
fn never_built(project: &Project) -> Result<Vec<String>> {
    let profiles = Profiles::open(&project.root)?;
    let declared = project.manifest.environments.iter().filter(|environment| environment.spans.is_some());
    let (mut never, mut has_some) = (Vec::new(), false);
    for environment in declared {
        match profiles.current_number(&environment.name)? {
            Some(_) => has_some = true,
            None => never.push(environment.name.to_string()),
        }
    }
    Ok(if has_some { never } else { Vec::new() })
}

fn of_packages(closure: &Closure<'_>) -> Vec<Recommendation> {
    let direct = closure.direct();
    let mut found = Vec::new();
    for (key, package) in closure.packages() {
        let priority = if direct.contains(key) { Priority::High } else { Priority::Medium };
        if let Some(message) = &package.facts.deprecated {
            found.push(Recommendation {
                r#type: "deprecated",
                priority,
                message: format!("{key} is deprecated: {}", message.trim()),
                action: format!("look for what its authors name instead; `larder why {}` shows who needs it", key.id),
            });
        }
        if package.facts.yanked {
            found.push(Recommendation {
                r#type: "yanked",
                priority: Priority::High,
                message: format!("{key} was yanked from its registry"),
                action: format!("larder update {}", key.id),
            });
        }
    }
    found
}

fn recommend(conflicts: &[VersionConflict], unused: &Unused, outdated: &[Newer]) -> Vec<Recommendation> {
    let mut found = Vec::new();
    for conflict in conflicts {
        let versions: Vec<&str> = conflict.versions.iter().map(|one| one.version.as_str()).collect();
        let package = format!("{}:{}", conflict.ecosystem, conflict.name);
        found.push(Recommendation {
            r#type: "conflict",
            priority: Priority::Low,
            message: format!("{package} has {} versions: {}", versions.len(), versions.join(", ")),
            action: format!("`larder why {package}` shows who needs which; an `override` line makes them one"),
        });
    }
    for environment in &unused.environments {
        found.push(Recommendation {
            r#type: "unused-environment",
            priority: Priority::Low,
            message: format!("the environment {environment} was never built in this checkout"),
            action: format!("take it out of larder.kdl, or build it: larder sync --env {environment}"),
        });
    }
    for dependency in &unused.dependencies {
        found.push(Recommendation {
            r#type: "unused-dependency",
            priority: Priority::Medium,
            message: format!("nothing in the checkout names {}", dependency.package),
            action: format!("larder remove {}", dependency.package),
        });
    }
    for newer in outdated {
        let Newer { ecosystem, name, locked, update, latest, .. } = newer;
        let is_in_range = locked.as_ref() != Some(update);
        let (priority, version) =
            if is_in_range { (Priority::Medium, Some(update)) } else { (Priority::Low, latest.as_ref()) };
        let locked = locked.as_deref().unwrap_or("nothing");
        let action = match (is_in_range, *ecosystem) {
            (true, "runtime") => "larder update --runtimes".to_owned(),
            (true, _) => format!("larder update {ecosystem}:{name}"),
            (false, _) => "change the range in larder.kdl, then larder lock".to_owned(),
        };
        found.push(Recommendation {
            r#type: "outdated",
            priority,
            message: format!(
                "{ecosystem}:{name} is locked at {locked}, and {} is there",
                version.map_or("a newer", |it| it)
            ),
            action,
        });
    }
    found
}
