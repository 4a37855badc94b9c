//! What a solve has to find out by building: the dependencies of packages that do not state them, and the tools that build what
//! exists only as source.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::fetch::RequestedArtifact;
use crate::model::{
    Artifact, Builds, CoreMetadata, Graph, Origin, Package, PackageId, PackageKey, Platform, RuntimeName, Runtimes,
};
use crate::ops::programs::interpreter;
use crate::ops::project::Project;
use crate::ops::runtimes;
use crate::ops::{Event, Result, Session};
use crate::profile::python::{self, Interpreter};
use crate::registry::Registries;
use crate::resolve::UnbuiltRelease;

use super::consent::Exceptions;
use super::error::BuildsError;
use super::scripts;
use super::source::{self, Source, not_locked};
use super::tools::{self, ChosenTools, ToolChooser};
use super::workshop::{Equipment, Workshop};

/// Finds out about builds while a lock is made.
pub(in crate::ops) struct Probe<'a> {
    session: &'a Session<'a>,
    project: &'a Project,
    registries: &'a Registries,
    /// The runtimes that larder brings.
    runtimes: &'a Runtimes,
    /// The tools of the old lock, which are kept.
    old: &'a Builds,
    /// Packages whose tools are chosen anew.
    rebuilt: &'a BTreeSet<PackageId>,
    /// The tools that were chosen so far.
    chosen: RefCell<BTreeMap<PackageKey, ChosenTools>>,
}

impl<'a> Probe<'a> {
    /// Creates a probe that keeps the tools of an old lock, but for the packages in `rebuilt`.
    pub(in crate::ops) fn new(
        session: &'a Session<'a>,
        project: &'a Project,
        (registries, runtimes): (&'a Registries, &'a Runtimes),
        old: &'a Builds,
        rebuilt: &'a BTreeSet<PackageId>,
    ) -> Self {
        Self { session, project, registries, runtimes, old, rebuilt, chosen: RefCell::default() }
    }

    /// Finds out what a version needs, for the solver to go on.
    pub(in crate::ops) fn metadata(&self, unbuilt: &UnbuiltRelease) -> Result<()> {
        let UnbuiltRelease { package, origin, sdist } = unbuilt;
        let source = Source::fetch(self.session, self.registries, package, origin, sdist)?;
        let tools = self.tools(&source, &self.platforms(sdist))?;
        let Some(interpreter) = self.interpreter()? else {
            return Err(BuildsError::NoPython { package: package.clone() }.into());
        };
        (self.session.context().reporter)(Event::Inspecting(package.to_string()));
        let bytes = self.workshop(&source, &tools, &interpreter)?.metadata()?;
        let wrong = |found: String| BuildsError::WrongPackage { package: package.clone(), found: found.into() };
        let metadata = CoreMetadata::parse(&bytes).map_err(|reason| wrong(format!("invalid metadata: {reason}")))?;
        let version = package.version.as_pypi();
        if !version.is_some_and(|version| metadata.is_of(&package.id.name, version)) {
            return Err(wrong(format!("{} {}", metadata.name.escape_debug(), metadata.version.escape_debug())).into());
        }
        self.chosen.borrow_mut().insert(package.clone(), tools);
        Ok(self.registries.store_built_metadata(unbuilt, &metadata)?)
    }

    /// Returns the tools of all packages of a solution that have to be built on some declared platform, and may be.
    pub(in crate::ops) fn finish(self, graph: &Graph) -> Result<Builds> {
        let rules = &self.project.manifest.settings.builds;
        let mut builds = Builds::default();
        for (key, package) in &graph.packages {
            let sdist = package.artifacts.iter().find(|artifact| artifact.kind.needs_build());
            let (Some(sdist), Some(origin)) = (sdist, &package.origin) else { continue };
            if !rules.approves(&key.id, &key.version) {
                continue;
            }
            if let Some(kept) = self.old.whole(key, rules).filter(|_| !self.rebuilt.contains(&key.id)) {
                let known = kept.tools.keys().filter_map(|tool| self.old.tools.get_key_value(tool));
                builds.tools.extend(known.map(|(tool, package)| (tool.clone(), package.clone())));
                builds.requirements.insert(key.clone(), kept.clone());
                continue;
            }
            let known = self.chosen.borrow_mut().remove(key);
            let chosen = match known {
                Some(chosen) => chosen,
                None => self.choose(key, origin, sdist)?,
            };
            tools::add(&mut builds, key.clone(), chosen);
        }
        builds.scripts = scripts::lock(self.session, self.project, self.registries, graph, self.old)?;
        Ok(builds)
    }

    fn choose(&self, package: &PackageKey, origin: &Origin, sdist: &Artifact) -> Result<ChosenTools> {
        let source = Source::fetch(self.session, self.registries, package, origin, sdist)?;
        self.tools(&source, &self.platforms(sdist))
    }

    /// Chooses tools for what the source says that it requires, and then for what its back end asks for besides (PEP 517).
    fn tools(&self, source: &Source, platforms: &[Platform]) -> Result<ChosenTools> {
        let old = self.old.requirements.get(&source.package).filter(|_| !self.rebuilt.contains(&source.package.id));
        let Self { session, project, registries, .. } = *self;
        let chooser = ToolChooser { session, project, registries };
        let choose = |requires: BTreeSet<String>| {
            let requires = requires.into_iter().collect();
            chooser.choose(&source.package, requires, platforms, old)
        };
        let rules = &project.manifest.settings.builds;
        let asked = rules.requires_of(&source.package.id, &source.package.version).into_iter().map(str::to_owned);
        let stated: BTreeSet<String> = source.system.requires.iter().cloned().chain(asked).collect();
        let chosen = choose(stated.clone())?;
        // Where nothing can be built, nothing can be asked: what is missing is named when it is built.
        let Ok(Some(interpreter)) = self.interpreter() else { return Ok(chosen) };
        if !self.project.platform().is_ok_and(|platform| platforms.contains(&platform)) {
            return Ok(chosen);
        }
        (self.session.context().reporter)(Event::Inspecting(source.package.to_string()));
        let asked = self.workshop(source, &chosen, &interpreter)?.requires()?;
        let all: BTreeSet<String> = stated.iter().cloned().chain(asked).collect();
        if all == stated { Ok(chosen) } else { choose(all) }
    }

    fn workshop(&self, source: &Source, tools: &ChosenTools, interpreter: &Interpreter) -> Result<Workshop<'a>> {
        let platform = self.project.platform()?;
        let mut wanted = Vec::new();
        for (key, on) in &tools.requirements.tools {
            let Some(tool) = tools.graph.packages.get(key) else { continue };
            if on.is_empty() || on.contains(&platform) {
                wanted.push(tool_request(&source.package, key, tool, platform)?);
            }
        }
        let trees = source::fetch_all(self.session, self.registries, &wanted)?;
        let exceptions = Exceptions::of(self.session.context(), self.project, &source.package)?;
        let staging = self.session.store.stage(None, |_| {})?;
        let equipment = Equipment { interpreter, tools: &trees, exceptions: &exceptions };
        Workshop::open(self.session, staging, source, equipment)
    }

    /// Returns the declared interpreter: the one that larder brings, or else one that is on this machine. Returns `None` if the
    /// manifest declares no Python.
    fn interpreter(&self) -> Result<Option<Interpreter>> {
        let platform = self.project.platform().ok();
        if let (Some(platform), true) = (platform, !self.runtimes.is_empty()) {
            let gathered = runtimes::gather(self.session, self.registries, self.runtimes, platform)?;
            if let Some(runtime) = gathered.of(RuntimeName::Python) {
                let interpreter = python::of_runtime(&runtime.tree.folder, &runtime.key.version.into(), platform)?;
                return Ok(Some(interpreter));
            }
        }
        let Some(wanted) = &self.project.manifest.settings.python else { return Ok(None) };
        Ok(Some(python::find(wanted, &interpreter::search(self.session.context(), platform))?))
    }

    /// Returns the declared platforms that a source distribution serves.
    fn platforms(&self, sdist: &Artifact) -> Vec<Platform> {
        let declared = self.project.manifest.settings.platforms.iter().map(|target| target.platform);
        declared.filter(|platform| sdist.platforms.is_empty() || sdist.platforms.contains(platform)).collect()
    }
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
