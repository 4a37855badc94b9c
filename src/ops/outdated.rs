//! Which direct dependencies have newer versions: within the manifest's ranges, and beyond them.

use serde::Serialize;

use crate::lock::Closure;
use crate::manifest::Environment;
use crate::model::{CheckName, Edge, PackageId, PackageKey, RootEdge, Runtimes, Version};
use crate::policy::Finding;
use crate::registry::{CachePolicy, Registries};
use crate::resolve::{self, Candidate, Index};

use super::facts::registry_notices::Notices;
use super::lock::{self, Wish};
use super::locking::age::{self, AgeCutoff};
use super::policies::{self, Subject};
use super::project::{self, selection};
use super::runtimes::NewestRuntime;
use super::session::MANIFEST;
use super::{Context, Project, Result, Session, failure, registries, runtimes};

/// `larder outdated --json`: see `schema/outdated.json`.
#[derive(Debug, Serialize)]
pub struct Outdated {
    /// The environment's name.
    pub environment: String,
    /// The direct dependencies that have a newer version.
    pub packages: Vec<Newer>,
    /// What was yanked or deprecated of what is locked.
    pub warnings: Vec<String>,
}

/// A direct dependency that has a newer version.
#[derive(Debug, Serialize)]
pub struct Newer {
    /// `npm` or `pypi`; `runtime` for one that larder brings
    pub ecosystem: &'static str,
    /// The package's name.
    pub name: String,
    /// The name that the manifest gives it, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The version that is locked; `null` for a line that is new.
    pub locked: Option<String>,
    /// What `larder update` would lock.
    pub update: String,
    /// The registry's newest, whatever the manifest says: npm's `latest`, PyPI's highest final version.
    pub latest: Option<String>,
    /// Whose manifest has the line: `larder.kdl`, or a member's folder.
    pub from: String,
    /// The line's group, where it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Which newer version `age` or the default baseline of a platform keeps away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<String>,
}

/// Compares the environment's direct dependencies with what an update would lock, and with what their registries have.
pub fn outdated(session: &Session<'_>) -> Result<Outdated> {
    let context = session.context;
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let locked = lock::existing(&project)?;
    let wish = Wish { old: Some(&locked), age_cutoff: AgeCutoff::Moved, ..Wish::default() };
    let project = &*age::applied(&project, wish.old, wish.age_cutoff);
    let with_runtimes = runtimes::applied(project, &locked.runtimes);
    let registries = registries::open(session, &with_runtimes, CachePolicy::Revalidate)?;
    let (updated, _) = lock::solve_with(session, &with_runtimes, &wish, &registries, &locked.runtimes)?;
    let selection = selection(environment, None);
    let closure = Closure::of(&updated.graph, &selection);
    // What was fetched to choose the versions of an update tells it of all, private packages' registries in any case.
    let known = |key: &PackageKey| {
        key.id.ecosystem.is_published_with_larder() || updated.graph.packages.keys().any(|other| other.id == key.id)
    };
    let notices = Notices::read(&registries, &locked, known);
    let warnings = warnings(context, project, environment, &notices)?;
    let locked_runtimes = locked.runtimes.clone();
    let locked = Closure::of(&locked.graph, &selection);
    let mut packages = Vec::new();
    for root in &closure.roots {
        let Some(edge) = newest(&closure, root) else { continue };
        let newer = compare(root, edge, &locked, latest(&registries, &edge.to.package.id)?.as_ref());
        let Some(newer) = newer else { continue };
        let held_back = resolve::held_back(&registries, &updated.settings, root).map_err(failure::of_index)?;
        let too_young = resolve::too_young(&registries, &updated.settings, root).map_err(failure::of_index)?;
        let held_back = held_back.map(|held| held.to_string()).or_else(|| too_young.map(|young| young.to_string()));
        packages.push(Newer { held_back, ..newer });
    }
    packages.extend(newer_runtimes(project, &locked_runtimes, &registries)?);
    packages.sort_by(|a, b| (a.ecosystem, &a.name, &a.from).cmp(&(b.ecosystem, &b.name, &b.from)));
    Ok(Outdated { environment: environment.name.to_string(), packages, warnings })
}

/// Says what of an environment's packages was yanked or deprecated.
fn warnings(
    context: &Context<'_>,
    project: &Project,
    environment: &Environment,
    notices: &Notices,
) -> Result<Vec<String>> {
    let subject = Subject::new(context, project, &notices.lockfile).without_advisories();
    let subject = subject.with_yank_reasons(&notices.yank_reasons);
    let found = subject.judge_each(&[environment])?.into_iter().flat_map(|(_, found)| found);
    let is_told = |finding: &Finding| matches!(finding.check, CheckName::Yanked | CheckName::Deprecated);
    let found: Vec<Finding> = policies::joined(found.filter(is_told));
    Ok(policies::messages(&found).collect())
}

/// Returns the runtimes that larder brings and that their sources have newer versions of.
fn newer_runtimes(project: &Project, locked: &Runtimes, registries: &Registries) -> Result<Vec<Newer>> {
    let mut newer = Vec::new();
    for NewestRuntime { name, admitted, of_all } in runtimes::newest(project, registries)? {
        let before = locked.newest(name);
        if before.is_some_and(|before| before >= admitted && of_all.is_none_or(|latest| before >= latest)) {
            continue;
        }
        newer.push(Newer {
            ecosystem: "runtime",
            name: name.to_string(),
            alias: None,
            locked: before.map(|version| version.to_string()),
            update: admitted.to_string(),
            latest: of_all.map(|version| version.to_string()),
            from: MANIFEST.to_owned(),
            group: None,
            held_back: None,
        });
    }
    Ok(newer)
}

/// Returns what a line of the updated lock says of a dependency, where that or the registry's newest is not what is locked.
fn compare(line: &RootEdge, edge: &Edge, locked: &Closure<'_>, latest: Option<&Version>) -> Option<Newer> {
    let package = &edge.to.package;
    let same = |root: &&RootEdge| {
        (&root.dependent, &root.group) == (&line.dependent, &line.group)
            && root.to.iter().any(|other| other.name == edge.name && other.to.package.id == package.id)
    };
    let before = locked.roots.iter().copied().find(same).and_then(|root| newest(locked, root));
    let before = before.map(|edge| &edge.to.package.version);
    let is_newest = |before: &Version| *before >= package.version && latest.is_none_or(|latest| before >= latest);
    if before.is_some_and(is_newest) {
        return None;
    }
    Some(Newer {
        ecosystem: package.id.ecosystem.as_str(),
        name: package.id.name.to_string(),
        alias: (edge.name != package.id.name).then(|| edge.name.to_string()),
        locked: before.map(ToString::to_string),
        update: package.version.to_string(),
        latest: latest.map(ToString::to_string),
        from: project::manifest_of(&line.dependent),
        group: line.group.as_ref().map(ToString::to_string),
        held_back: None,
    })
}

/// Returns the edge to the highest version that a line got; platforms may force several.
fn newest<'a>(closure: &Closure<'a>, line: &'a RootEdge) -> Option<&'a Edge> {
    let is_served = |edge: &&Edge| edge.to.package.id.ecosystem.has_registries();
    closure.root_edges(line).filter(is_served).max_by(|a, b| a.to.package.cmp(&b.to.package))
}

/// Returns the newest version that a registry would give to who asks for no version in particular.
fn latest(registries: &Registries, package: &PackageId) -> Result<Option<Version>> {
    let versions = registries.versions(package).map_err(failure::of_index)?;
    let tagged = versions.tags.get("latest").and_then(|&place| versions.candidates.get(place as usize));
    let is_offered = |candidate: &&Candidate| !candidate.yanked && !candidate.is_beta();
    let offered = || versions.candidates.iter().rev().filter(is_offered);
    let newest = || offered().find(|candidate| !candidate.version.is_prerelease()).or_else(|| offered().next());
    Ok(tagged.or_else(newest).map(|candidate| candidate.version.clone()))
}
