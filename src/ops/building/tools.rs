//! Choosing the tools that build a package: a solve of its own, over the project's registries and settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fetch::RequestedArtifact;
use crate::lock;
use crate::model::{
    BuildRequirements, Builds, Dependent, Edge, Graph, Instance, InstanceKey, Marker, NpmPeers, Package, PackageKey,
    Platform, Requirement, Routes, Settings,
};
use crate::ops::locking::solutions::{self, Unknown};
use crate::ops::project::Project;
use crate::ops::{Error, Event, Result, Session, artifacts, failure};
use crate::registry::Registries;
use crate::resolve::{Preferences, RequiredLine, Requirements, ResolveError, UnbuiltPackage, UnbuiltRelease};

use super::error::BuildsError;
use super::source::not_locked;

/// Tools that were chosen for one package.
#[derive(Clone)]
pub(super) struct ChosenTools {
    /// The tools with the platforms on which they are needed.
    pub(super) requirements: BuildRequirements,
    /// Their packages and artifacts.
    pub(super) graph: Graph,
}

/// What a build requires, as written and as it is understood.
pub(super) struct Needs {
    /// As written, sorted.
    pub(super) requires: Vec<String>,
    /// Each, and whether it may be missing.
    pub(super) lines: Vec<(Requirement, bool)>,
}

impl Needs {
    /// Reads requirements as PEP 508 has them.
    pub(super) fn of_python(package: &PackageKey, requires: Vec<String>) -> Result<Self> {
        let mut lines = Vec::with_capacity(requires.len());
        for text in &requires {
            let requirement = Requirement::from_pep508(text).map_err(|error| BuildsError::BadRequirement {
                package: package.clone(),
                text: text.as_str().into(),
                reason: error.to_string().into(),
            })?;
            lines.push((requirement, false));
        }
        Ok(Self { requires, lines })
    }
}

/// What tools are chosen by, besides what is required.
#[derive(Clone, Copy)]
pub(super) struct ToolChooser<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) project: &'a Project,
    pub(super) registries: &'a Registries,
    /// Finds out what a tool needs that is only there as source and does not say it.
    pub(super) unbuilt: &'a dyn Fn(&UnbuiltRelease) -> Result<()>,
}

impl ToolChooser<'_> {
    /// Chooses tools for what a package requires, on these platforms. Versions of `old` are kept where they fit.
    pub(super) fn choose(
        &self,
        package: &PackageKey,
        needs: Needs,
        platforms: &[Platform],
        old: Option<&BuildRequirements>,
    ) -> Result<ChosenTools> {
        let is_from_source = self.registries.is_from_source(&package.id);
        let choose = || self.choose_others(package, needs, platforms, old);
        let chosen = self.registries.without_source(&package.id, choose)?;
        let own_name = chosen.graph.packages.keys().find(|tool| is_from_source && tool.id == package.id);
        if let Some(tool) = own_name {
            (self.session.context().reporter)(Event::Warning(format!(
                "what builds {package} needs {tool} of its registry: see that whoever has that name there is whom you trust"
            )));
        }
        Ok(chosen)
    }

    /// Chooses tools, none of which is the package itself in its own version.
    fn choose_others(
        &self,
        package: &PackageKey,
        Needs { requires, lines }: Needs,
        platforms: &[Platform],
        old: Option<&BuildRequirements>,
    ) -> Result<ChosenTools> {
        let problem = self.problem(package, lines, platforms, old);
        let rules = &self.project.manifest.settings.builds;
        let no_tools = |because: String, unbuilt: &[UnbuiltPackage]| {
            let mut source_only: Vec<_> = unbuilt.iter().filter(|one| !one.is_approved(rules)).collect();
            source_only.dedup_by_key(|one| one.package.clone());
            let source_only = source_only.into_iter().map(|one| one.package.clone()).collect();
            Error::from(BuildsError::NoTools { package: package.clone(), because, source_only })
        };
        let find_out = |unknown: Unknown<'_>| match unknown {
            Unknown::Unbuilt(tool) => (self.unbuilt)(tool),
            Unknown::Outside(asked) => {
                Err(no_tools(format!("{} takes {} from {}", asked.dependent, asked.package, asked.source), &[]))
            }
        };
        let resolution =
            solutions::resolve_for_sure(&problem, self.registries, &find_out).map_err(|error| match error {
                ResolveError::NoSolution(core) => no_tools(core.because.join("\n"), &core.unbuilt),
                ResolveError::TooManyPeerContexts(error) => no_tools(error.to_string(), &[]),
                ResolveError::Index(error) => failure::of_index(error),
            })?;
        let mut graph = resolution.graph;
        artifacts::complete(self.session, self.registries, &mut graph, None)?;
        let may_not_be_built =
            |(key, tool): &(&PackageKey, &Package)| tool.needs_build() && !rules.approves(&key.id, &key.version);
        if let Some((tool, _)) = graph.packages.iter().find(may_not_be_built) {
            return Err(BuildsError::ToolFromSource { package: package.clone(), tool: tool.clone() }.into());
        }
        let needed = lock::platforms_of(&graph, &BTreeSet::new(), platforms);
        let tools = needed.into_iter().map(|(tool, mut on)| {
            on.sort();
            (tool, if on.len() == problem.settings.platforms.len() { Vec::new() } else { on })
        });
        let tools = tools.collect();
        let instances =
            if package.id.ecosystem.has_scopes() { instances_with(package, &graph) } else { BTreeMap::new() };
        Ok(ChosenTools { requirements: BuildRequirements { requires, tools, instances }, graph })
    }

    fn problem(
        &self,
        package: &PackageKey,
        lines: Vec<(Requirement, bool)>,
        platforms: &[Platform],
        old: Option<&BuildRequirements>,
    ) -> Requirements {
        let declared = self.project.manifest.settings.clone();
        // What the project demands of its own packages is no matter of these.
        let npm_peers = NpmPeers::default();
        let mut settings =
            Settings { node: None, npm_peers, overrides: Vec::new(), extensions: Vec::new(), ..declared };
        settings.platforms.retain(|target| platforms.contains(&target.platform));
        let line = |(requirement, optional)| RequiredLine {
            dependent: Dependent::Project,
            group: None,
            requirement,
            optional,
            when: Marker::default(),
            prereleases: false,
        };
        let lines = lines.into_iter().map(line).collect();
        let mut preferences = Preferences::default();
        preferences.excluded.insert(package.id.clone(), [package.version.clone()].into());
        for tool in old.iter().flat_map(|old| old.tools.keys()) {
            preferences.versions.entry(tool.id.clone()).or_default().insert(tool.version.clone());
        }
        Requirements { lines, settings, preferences, routes: Routes::default() }
    }
}

/// Returns what each tool finds, and the package itself.
fn instances_with(package: &PackageKey, graph: &Graph) -> BTreeMap<InstanceKey, Instance> {
    let sorted = |mut edges: Vec<Edge>| {
        edges.sort();
        edges.dedup();
        Instance { edges, dropped: Vec::new() }
    };
    if graph.packages.is_empty() {
        return BTreeMap::new();
    }
    let own = graph.roots.iter().flat_map(|line| line.to.iter().cloned()).collect();
    let tools = graph.instances.iter().map(|(key, instance)| (key.clone(), sorted(instance.edges.clone())));
    let own = (InstanceKey { package: package.clone(), peers: Arc::from("") }, sorted(own));
    tools.chain([own]).collect()
}

/// Adds the tools of a package to those of a lock.
pub(super) fn add(builds: &mut Builds, package: PackageKey, chosen: ChosenTools) {
    for (key, mut tool) in chosen.graph.packages {
        tool.artifacts.sort();
        // Another package may need it on other platforms, for which it has other wheels.
        let known = builds.tools.entry(key).or_insert_with(|| tool.clone());
        for artifact in tool.artifacts {
            if !known.artifacts.iter().any(|other| other.file == artifact.file) {
                known.artifacts.push(artifact);
            }
        }
        known.artifacts.sort();
    }
    builds.requirements.insert(package, chosen.requirements);
}

/// Returns the request for a tool's artifact.
pub(super) fn tool_request(
    package: &PackageKey,
    key: &PackageKey,
    tool: &Package,
    platform: Platform,
) -> Result<RequestedArtifact> {
    match (&tool.origin, tool.artifact_for(platform)) {
        (Some(origin), Some(artifact)) => Ok(RequestedArtifact::new(key, origin, artifact)),
        _ => Err(not_locked(package).into()),
    }
}
