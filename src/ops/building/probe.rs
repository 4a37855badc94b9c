//! What a solve has to find out by building: the dependencies of packages that do not state them, and the tools that build what
//! exists only as source.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fetch::{NameFolding, RequestedArtifact};
use crate::lock::Lockfile;
use crate::model::{
    Artifact, BuildRequirements, Builds, CoreMetadata, Graph, Origin, Package, PackageId, PackageKey, Platform,
    RuntimeName, Runtimes,
};
use crate::ops::programs::interpreter;
use crate::ops::project::Project;
use crate::ops::runtimes;
use crate::ops::{Event, Result, Session, artifacts};
use crate::profile::python::{self, Interpreter};
use crate::registry::Registries;
use crate::resolve::UnbuiltRelease;
use crate::store::Tree;

use super::consent::Exceptions;
use super::error::BuildsError;
use super::outputs::Builder;
use super::prepare;
use super::scripts;
use super::source::{self, SourceDistribution, has_same_source, not_locked};
use super::tools::{self, ChosenTools, Needs, ToolChooser, tool_request};
use super::workshop::{Equipment, Workshop};

/// Finds out about builds while a lock is made.
pub(in crate::ops) struct Probe<'a> {
    session: &'a Session<'a>,
    project: &'a Project,
    registries: &'a Registries,
    /// The runtimes that larder brings.
    runtimes: &'a Runtimes,
    /// The old lock, whose tools are kept.
    old: Option<&'a Lockfile>,
    /// Packages whose tools are chosen anew.
    rebuilt: &'a BTreeSet<PackageId>,
    /// The tools that were chosen so far.
    chosen: RefCell<BTreeMap<PackageKey, ChosenTools>>,
    /// The packages for which tools are being chosen, each for the one before it.
    entered: RefCell<Vec<PackageKey>>,
}

/// A package for which tools are being chosen, until this is dropped.
struct Entered<'p>(&'p RefCell<Vec<PackageKey>>);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().pop();
    }
}

impl<'a> Probe<'a> {
    /// Creates a probe that keeps the tools of an old lock, but for the packages in `rebuilt`.
    pub(in crate::ops) fn new(
        session: &'a Session<'a>,
        project: &'a Project,
        (registries, runtimes): (&'a Registries, &'a Runtimes),
        old: Option<&'a Lockfile>,
        rebuilt: &'a BTreeSet<PackageId>,
    ) -> Self {
        Self {
            session,
            project,
            registries,
            runtimes,
            old,
            rebuilt,
            chosen: RefCell::default(),
            entered: RefCell::default(),
        }
    }

    /// Finds out what a version needs, for the solver to go on.
    pub(in crate::ops) fn metadata(&self, unbuilt: &UnbuiltRelease) -> Result<()> {
        let _entered = self.enter(&unbuilt.package)?;
        let UnbuiltRelease { package, origin, sdist } = unbuilt;
        let source = SourceDistribution::fetch(self.session, self.registries, package, origin, sdist)?;
        let tools = self.tools(&source, &self.platforms(sdist))?;
        let Some(interpreter) = self.interpreter()? else {
            return Err(BuildsError::NoPython { package: package.clone() }.into());
        };
        (self.session.context().reporter)(Event::Inspecting(package.to_string()));
        let bytes = self.workshop(&source, &tools, &interpreter)?.metadata()?;
        let wrong = |found: String| BuildsError::WrongPackage { package: package.clone(), found: found.into() };
        let metadata = CoreMetadata::parse(&bytes).map_err(|reason| wrong(format!("invalid metadata: {reason}")))?;
        if !metadata.is_of_package(package) {
            return Err(wrong(format!("{} {}", metadata.name.escape_debug(), metadata.version.escape_debug())).into());
        }
        self.chosen.borrow_mut().insert(package.clone(), tools);
        Ok(self.registries.store_built_metadata(unbuilt, &metadata)?)
    }

    /// Returns the tools of all packages of a solution that have to be built on some declared platform, and may be.
    pub(in crate::ops) fn finish(self, graph: &Graph) -> Result<Builds> {
        let rules = &self.project.manifest.settings.builds;
        let mut builds = Builds::default();
        let approved = graph.packages.iter().filter(|(key, _)| rules.approves(&key.id, &key.version));
        let mut waiting: Vec<(PackageKey, Package)> =
            approved.map(|(key, package)| (key.clone(), package.clone())).collect();
        while let Some((key, package)) = waiting.pop() {
            let sdist = package.artifacts.iter().find(|artifact| artifact.kind.needs_build());
            let (Some(sdist), Some(origin)) = (sdist, &package.origin) else { continue };
            let (key, package) = (&key, &package);
            if builds.requirements.contains_key(key) {
                continue;
            }
            let unchanged =
                self.old.filter(|old| !self.rebuilt.contains(&key.id) && has_same_source(old, key, package));
            let whole = unchanged.and_then(|old| Some((old, old.builds.whole(key, rules)?)));
            if let Some((old, kept)) = whole {
                let known = kept.tools.keys().filter_map(|tool| old.builds.tools.get_key_value(tool));
                builds.tools.extend(known.map(|(tool, package)| (tool.clone(), package.clone())));
                builds.requirements.insert(key.clone(), kept.clone());
            } else {
                let known = self.chosen.borrow_mut().remove(key);
                let chosen = match known {
                    Some(chosen) => chosen,
                    None => self.choose(key, origin, sdist)?,
                };
                tools::add(&mut builds, key.clone(), chosen);
            }
            // What is only there as source is built with tools itself.
            let tools = builds.requirements.get(key).into_iter().flat_map(|needed| needed.tools.keys());
            let tools = tools.filter_map(|tool| builds.tools.get_key_value(tool));
            waiting.extend(tools.map(|(tool, package)| (tool.clone(), package.clone())));
        }
        if let Some(package) = builds.requirements.keys().find(|package| builds.is_too_deep(package)) {
            return Err(BuildsError::TooManyTools { package: package.clone() }.into());
        }
        builds.scripts = scripts::lock(self.session, self.project, self.registries, (graph, &builds.tools), self.old)?;
        Ok(builds)
    }

    fn choose(&self, package: &PackageKey, origin: &Origin, sdist: &Artifact) -> Result<ChosenTools> {
        let _entered = self.enter(package)?;
        let platforms = self.platforms(sdist);
        if package.id.ecosystem.has_install_scripts() {
            let wanted = [RequestedArtifact::new(package, origin, sdist)];
            let fetched = source::fetch_all(self.session, self.registries, &wanted)?;
            let Some((_, tree)) = fetched.into_iter().next() else { return Err(not_locked(package).into()) };
            let old = self.old_requirements(package);
            return self.chooser(&|tool| self.metadata(tool)).choose(
                package,
                prepare::needs(package, &tree)?,
                &platforms,
                old,
            );
        }
        let source = SourceDistribution::fetch(self.session, self.registries, package, origin, sdist)?;
        self.tools(&source, &platforms)
    }

    /// Notes that tools are chosen for a package. Fails if that is so already: they would be built with themselves.
    fn enter(&self, package: &PackageKey) -> Result<Entered<'_>> {
        let mut entered = self.entered.borrow_mut();
        if entered.contains(package) {
            let (first, tool) = (entered.first().unwrap_or(package).clone(), package.clone());
            return Err(BuildsError::ToolOfItself { package: first, tool }.into());
        }
        entered.push(package.clone());
        Ok(Entered(&self.entered))
    }

    fn chooser<'c>(&self, unbuilt: &'c dyn Fn(&UnbuiltRelease) -> Result<()>) -> ToolChooser<'c>
    where
        'a: 'c,
    {
        let Self { session, project, registries, .. } = *self;
        ToolChooser { session, project, registries, unbuilt }
    }

    /// Returns the tools that the old lock has for a package, unless they are to be chosen anew.
    fn old_requirements(&self, package: &PackageKey) -> Option<&'a BuildRequirements> {
        let old = self.old?;
        old.builds.requirements.get(package).filter(|_| !self.rebuilt.contains(&package.id))
    }

    /// Chooses tools for what the source says that it requires, and then for what its back end asks for besides (PEP 517).
    fn tools(&self, source: &SourceDistribution, platforms: &[Platform]) -> Result<ChosenTools> {
        let old = self.old_requirements(&source.package);
        let unbuilt = |tool: &UnbuiltRelease| self.metadata(tool);
        let chooser = self.chooser(&unbuilt);
        let choose = |requires: BTreeSet<String>| {
            let needs = Needs::of_python(&source.package, requires.into_iter().collect())?;
            chooser.choose(&source.package, needs, platforms, old)
        };
        let rules = &self.project.manifest.settings.builds;
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

    fn workshop(
        &self,
        source: &SourceDistribution,
        tools: &ChosenTools,
        interpreter: &Interpreter,
    ) -> Result<Workshop<'a>> {
        let platform = self.project.platform()?;
        let (mut wanted, mut built) = (Vec::new(), Vec::new());
        for (key, on) in &tools.requirements.tools {
            let Some(tool) = tools.graph.packages.get(key) else { continue };
            if !on.is_empty() && !on.contains(&platform) {
                continue;
            }
            let request = tool_request(&source.package, key, tool, platform)?;
            if request.artifact.kind.needs_build() {
                built.push((key.clone(), self.built_tool((key, tool), (platform, interpreter))?));
            } else {
                wanted.push(request);
            }
        }
        let mut trees = source::fetch_all(self.session, self.registries, &wanted)?;
        trees.extend(built);
        let exceptions = Exceptions::of(self.session.context(), self.project, &source.package)?;
        let staging = self.session.store.stage(None, |_| {})?;
        let equipment = Equipment { interpreter, tools: &trees, exceptions: &exceptions };
        Workshop::open(self.session, staging, source, equipment)
    }

    /// Builds a tool that is only there as source.
    fn built_tool(
        &self,
        (key, tool): (&PackageKey, &Package),
        (platform, interpreter): (Platform, &Interpreter),
    ) -> Result<Arc<Tree>> {
        let mut builds = Builds::default();
        let mut waiting = vec![(key.clone(), tool.clone())];
        while let Some((key, tool)) = waiting.pop() {
            let sdist = tool.artifacts.iter().find(|artifact| artifact.kind.needs_build());
            let (Some(sdist), Some(origin)) = (sdist, &tool.origin) else { continue };
            if builds.requirements.contains_key(&key) {
                continue;
            }
            let known = self.chosen.borrow().get(&key).cloned();
            let chosen = match known {
                Some(chosen) => chosen,
                None => self.choose(&key, origin, sdist)?,
            };
            self.chosen.borrow_mut().insert(key.clone(), chosen.clone());
            waiting.extend(chosen.graph.packages.clone());
            tools::add(&mut builds, key, chosen);
        }
        let (session, project) = (self.session, self.project);
        let builder =
            Builder { session, project, builds: &builds, interpreter: Some(interpreter), node: None, platform };
        let (Some(origin), Some(sdist)) = (&tool.origin, tool.artifact_for(platform)) else {
            return Err(not_locked(key).into());
        };
        let planned = builder.plan((key, tool), origin, sdist)?;
        if let Some(tree) = builder.find(&planned)? {
            return Ok(Arc::new(tree));
        }
        let inputs = artifacts::fetch(session, self.registries, &planned.inputs, NameFolding::default())?;
        Ok(Arc::new(builder.build(&planned, &inputs)?))
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
