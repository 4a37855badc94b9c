//! What builds make: found in the store by everything that went into it, else built now.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::build::Toolchain;
use crate::fetch::{ArtifactSource, Body, FetchedArtifact, NameFolding, RequestedArtifact, SourceError};
use crate::fs::{self, Action, FsError};
use crate::lock::Closure;
use crate::model::{
    Artifact, ArtifactOwner, Builds, DEEPEST_TOOL, Digest, Origin, Package, PackageKey, Platform, Source,
};
use crate::ops::project::Project;
use crate::ops::{Event, Result, Session, artifacts};
use crate::profile::RuntimeTree;
use crate::profile::python::Interpreter;
use crate::store::{Store, Tree};

use super::consent::Exceptions;
use super::crates;
use super::error::BuildsError;
use super::key::{KeyInput, key};
use super::node::{self, NodeProgram};
use super::prepare::Preparation;
use super::source::{SourceDistribution, not_locked};
use super::tools::tool_request;
use super::workshop::{Equipment, Workshop};

/// Builds what a lock holds only as source.
pub(in crate::ops) struct Builder<'a> {
    pub(in crate::ops) session: &'a Session<'a>,
    pub(in crate::ops) project: &'a Project,
    pub(in crate::ops) builds: &'a Builds,
    /// The Python that runs back ends, if the environment has one.
    pub(in crate::ops) interpreter: Option<&'a Interpreter>,
    /// The Node that larder brings. Without it, the one on `PATH` runs scripts.
    pub(in crate::ops) node: Option<&'a RuntimeTree>,
    pub(in crate::ops) platform: Platform,
}

/// A package that is to be built, unless the store has what comes of it.
#[derive(Clone)]
pub(in crate::ops) struct PlannedBuild {
    pub(in crate::ops) package: PackageKey,
    origin: Origin,
    /// The name of what comes of it in the store.
    pub(in crate::ops) output: Digest,
    /// Its source distribution, then its tools, and then what the tools are built from that are only there as source.
    pub(in crate::ops) inputs: Vec<RequestedArtifact>,
    /// These tools.
    source_tools: Vec<PlannedBuild>,
    exceptions: Exceptions,
    /// What runs the scripts of an npm package, and what the lock knows of it.
    prepared_by: Option<Arc<(NodeProgram, Package)>>,
}

impl Builder<'_> {
    /// Returns the build of a package.
    pub(in crate::ops) fn plan(
        &self,
        (package, locked): (&PackageKey, &Package),
        origin: &Origin,
        sdist: &Artifact,
    ) -> Result<PlannedBuild> {
        self.plan_below(0, (package, locked), origin, sdist)
    }

    /// As [`Self::plan`], of a tool for a tool for a package, so many times.
    fn plan_below(
        &self,
        depth: usize,
        (package, locked): (&PackageKey, &Package),
        origin: &Origin,
        sdist: &Artifact,
    ) -> Result<PlannedBuild> {
        if depth > DEEPEST_TOOL {
            return Err(BuildsError::TooManyTools { package: package.clone() }.into());
        }
        if !self.builds.requirements.contains_key(package) {
            return Err(not_locked(package).into());
        }
        let own = RequestedArtifact::new(package, origin, sdist);
        let (mut wheels, mut source_tools) = (Vec::new(), Vec::new());
        let mut digests: Vec<(&PackageKey, Digest)> = Vec::new();
        for (key, tool) in self.builds.tools_of(package, self.platform) {
            let request = tool_request(package, key, tool, self.platform)?;
            if let (true, Some(origin)) = (request.artifact.kind.needs_build(), &tool.origin) {
                // Whoever takes a line back takes back that it is built, whatever a lock says.
                if !self.project.manifest.settings.builds.approves(&key.id, &key.version) {
                    return Err(BuildsError::ToolFromSource { package: package.clone(), tool: key.clone() }.into());
                }
                let planned = self.plan_below(depth + 1, (key, tool), origin, &request.artifact)?;
                digests.push((key, planned.output.clone()));
                source_tools.push(planned);
            } else {
                digests.push((key, request.artifact.digest.clone().ok_or_else(|| not_locked(package))?));
                wheels.push(request);
            }
        }
        let of_tools = source_tools.iter().flat_map(|tool: &PlannedBuild| tool.inputs.iter().cloned());
        let inputs: Vec<RequestedArtifact> = [own].into_iter().chain(wheels.iter().cloned()).chain(of_tools).collect();
        let sdist = sdist.digest.as_ref().ok_or_else(|| not_locked(package))?;
        let tools: Vec<(&PackageKey, &Digest)> = digests.iter().map(|(key, digest)| (*key, digest)).collect();
        let exceptions = Exceptions::of(self.session.context(), self.project, package)?;
        if package.id.ecosystem.has_install_scripts() {
            let node = node::find(self.session.context(), self.node, package)?;
            let by = Arc::new((node, locked.clone()));
            let digests: BTreeMap<_, _> = tools.into_iter().chain([(package, sdist)]).collect();
            let output = self.preparation(package, &by, &exceptions).output(&digests)?;
            let (package, origin) = (package.clone(), origin.clone());
            return Ok(PlannedBuild {
                package,
                origin,
                output,
                inputs,
                source_tools,
                exceptions,
                prepared_by: Some(by),
            });
        }
        let interpreter = self.interpreter.ok_or_else(|| BuildsError::NoPython { package: package.clone() })?;
        let requirements = self.builds.requirements.get(package);
        let is_rust = requirements
            .is_some_and(|needed| crates::builds_rust(needed.tools.keys().map(|tool| tool.id.name.as_str())));
        let rust = if is_rust { crates::find_toolchain(self.session.context())? } else { None };
        let search_path: Vec<PathBuf> = rust.iter().map(|rust| rust.join("bin")).collect();
        let toolchain = Toolchain::of_machine(&search_path, Some(&interpreter.path))?;
        let is_of_git = origin.source().is_some_and(|pinned| matches!(pinned.source, Source::Git(_)));
        let git = if is_of_git { Some(Toolchain::of_git()?) } else { None };
        let git = git.map(|git| git.map_or_else(|| "none".to_owned(), |digest| digest.to_string()));
        let input = KeyInput {
            package,
            sdist,
            tools: &tools,
            interpreter,
            platform: self.platform,
            toolchain: &toolchain,
            git: git.as_deref(),
            exceptions: &exceptions,
        };
        let origin = origin.clone();
        let (package, output) = (package.clone(), key(&input)?);
        Ok(PlannedBuild { package, origin, output, inputs, source_tools, exceptions, prepared_by: None })
    }

    fn preparation<'b>(
        &'b self,
        package: &'b PackageKey,
        by: &'b (NodeProgram, Package),
        exceptions: &'b Exceptions,
    ) -> Preparation<'b> {
        let (session, builds, platform) = (self.session, self.builds, self.platform);
        let (project, (node, locked)) = (self.project, by);
        Preparation { session, project, builds, platform, node, package, locked, exceptions }
    }

    /// Returns the names in the store of what is built for a closure, with its packages.
    pub(in crate::ops) fn outputs(&self, closure: &Closure<'_>) -> Result<Vec<(PackageKey, Digest)>> {
        let mut outputs = Vec::new();
        for (key, package) in closure.packages() {
            let (Some(origin), Some(artifact)) = (&package.origin, package.artifact_for(self.platform)) else {
                continue;
            };
            if artifact.kind.needs_build() && self.builds.requirements.contains_key(key) {
                outputs.push((key.clone(), self.plan((key, package), origin, artifact)?.output));
            }
        }
        Ok(outputs)
    }

    /// Returns what comes of a build, if the store has it.
    pub(in crate::ops) fn find(&self, planned: &PlannedBuild) -> Result<Option<Tree>> {
        find_output(&self.session.store, &planned.output)
    }

    /// Builds each package of a closure that has to be built twice, whatever the store has, and returns what both made.
    pub(in crate::ops) fn build_twice(
        &self,
        closure: &Closure<'_>,
        source: &dyn ArtifactSource,
    ) -> Result<Vec<(PackageKey, [Tree; 2])>> {
        let mut made = Vec::new();
        for (key, package) in closure.packages() {
            let (Some(origin), Some(artifact)) = (&package.origin, package.artifact_for(self.platform)) else {
                continue;
            };
            if artifact.kind.needs_build() {
                let planned = self.plan((key, package), origin, artifact)?;
                let inputs = artifacts::fetch(self.session, source, &planned.inputs, NameFolding::default())?;
                let trees = twice(&self.session.store, &planned.output, |output| {
                    self.build(&PlannedBuild { output, ..planned.clone() }, &inputs)
                })?;
                made.push((key.clone(), trees));
            }
        }
        Ok(made)
    }

    /// Builds a package from inputs that the store has, in the order of [`PlannedBuild::inputs`]. If another process builds the
    /// same, waits for it and returns what came of it.
    pub(in crate::ops) fn build(&self, planned: &PlannedBuild, inputs: &[FetchedArtifact]) -> Result<Tree> {
        let (store, reporter) = (&self.session.store, self.session.context().reporter);
        let package = &planned.package;
        let of_tools: usize = planned.source_tools.iter().map(|tool| tool.inputs.len()).sum();
        let (inputs, mut rest) = inputs.split_at(inputs.len().saturating_sub(of_tools));
        let mut built_tools = Vec::new();
        for tool in &planned.source_tools {
            let (own, others) = rest.split_at_checked(tool.inputs.len()).ok_or_else(|| not_locked(&tool.package))?;
            let tree = match self.find(tool)? {
                Some(tree) => tree,
                None => self.build(tool, own)?,
            };
            built_tools.push((tool.package.clone(), Arc::new(tree)));
            rest = others;
        }
        let staging = store.stage(Some(&planned.output), |process| {
            reporter(Event::Waiting { process, does: format!("builds {package}") });
        })?;
        if let Some(tree) = self.find(planned)? {
            return Ok(tree);
        }
        if let Some(by) = &planned.prepared_by {
            let requested = planned.inputs.iter().zip(inputs);
            let trees = requested.filter_map(|(wanted, fetched)| {
                Some((wanted.owner.package()?.clone(), Arc::new(fetched.tree.clone())))
            });
            let preparation = self.preparation(package, by, &planned.exceptions);
            return preparation.run(&staging, &planned.output, &trees.chain(built_tools).collect());
        }
        let interpreter = self.interpreter.ok_or_else(|| BuildsError::NoPython { package: package.clone() })?;
        let Some((sdist, tools)) = inputs.split_first() else { return Err(not_locked(package).into()) };
        let source = SourceDistribution::read(package.clone(), Arc::new(sdist.tree.clone()))?;
        let requested = planned.inputs.iter().skip(1);
        let tools: Vec<(PackageKey, Arc<Tree>)> = requested
            .zip(tools)
            .filter_map(|(tool, tree)| Some((tool.owner.package()?.clone(), Arc::new(tree.tree.clone()))))
            .chain(built_tools)
            .collect();
        reporter(Event::BuildingPackage(package.to_string()));
        let equipment = Equipment { interpreter, tools: &tools, exceptions: &planned.exceptions };
        let workshop = Workshop::open(self.session, staging, &source, equipment)?;
        let wheel = workshop.wheel()?;
        let file = wheel.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let wanted = [RequestedArtifact::new(package, &planned.origin, &Artifact::wheel(file))];
        let fetched = artifacts::fetch(self.session, &WheelFile(wheel.clone()), &wanted, NameFolding::default())?;
        let Some(built) = fetched.into_iter().next() else { return Err(not_locked(package).into()) };
        store.add_record(&planned.output, &built.tree.digest)?;
        Ok(built.tree)
    }
}

/// Builds twice, under names that nothing else has and that are forgotten again.
pub(super) fn twice(store: &Store, output: &Digest, build: impl Fn(Digest) -> Result<Tree>) -> Result<[Tree; 2]> {
    let once = || {
        let text = format!("larder check\n{output}\n{}", fs::random_name());
        let name = Digest::sha256_of(text);
        let tree = build(name.clone());
        store.drop_record(&name)?;
        tree
    };
    Ok([once()?, once()?])
}

/// Returns what was built under a name, if the store has it.
pub(super) fn find_output(store: &Store, output: &Digest) -> Result<Option<Tree>> {
    let found = store.tree(output)?;
    if let Some(tree) = &found {
        store.note_use(&tree.digest)?;
    }
    Ok(found)
}

/// Returns what a build needs from registries: the source distribution, and then the tools.
pub(in crate::ops) fn inputs(
    builds: &Builds,
    package: &PackageKey,
    origin: &Origin,
    sdist: &Artifact,
    platform: Platform,
) -> Result<Vec<RequestedArtifact>> {
    if !builds.requirements.contains_key(package) {
        return Err(not_locked(package).into());
    }
    inputs_below(0, builds, RequestedArtifact::new(package, origin, sdist), platform)
}

/// As [`inputs`], of a tool for a tool for a package, so many times.
fn inputs_below(
    depth: usize,
    builds: &Builds,
    own: RequestedArtifact,
    platform: Platform,
) -> Result<Vec<RequestedArtifact>> {
    let Some(package) = own.owner.package().cloned() else { return Ok(vec![own]) };
    if depth > DEEPEST_TOOL {
        return Err(BuildsError::TooManyTools { package }.into());
    }
    if !builds.requirements.contains_key(&package) {
        return Err(not_locked(&package).into());
    }
    let mut inputs = vec![own];
    for (key, tool) in builds.tools_of(&package, platform) {
        let request = tool_request(&package, key, tool, platform)?;
        if request.artifact.kind.needs_build() {
            inputs.extend(inputs_below(depth + 1, builds, request, platform)?);
        } else {
            inputs.push(request);
        }
    }
    Ok(inputs)
}

/// A wheel that was built, as a source of artifacts: it is unpacked and checked like one that a registry serves.
struct WheelFile(PathBuf);

impl ArtifactSource for WheelFile {
    fn open(
        &self,
        _: &ArtifactOwner,
        _: &Origin,
        _: &Artifact,
    ) -> std::result::Result<(Body, Option<u64>), SourceError> {
        let missing = || FsError::new(Action::Read, &self.0, io::Error::from(io::ErrorKind::NotFound));
        let opened = fs::open_sized(&self.0).and_then(|opened| opened.ok_or_else(missing));
        let (file, size) = opened.map_err(|error| Arc::new(error) as SourceError)?;
        Ok((Body::of(Box::new(file)), Some(size)))
    }
}
