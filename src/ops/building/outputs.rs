//! What builds make: found in the store by everything that went into it, else built now.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::build::Toolchain;
use crate::fetch::{ArtifactSource, Body, FetchedArtifact, NameFolding, RequestedArtifact, SourceError};
use crate::fs::{self, Action, FsError};
use crate::lock::Closure;
use crate::model::{Artifact, ArtifactOwner, Builds, Digest, Origin, PackageKey, Platform};
use crate::ops::project::Project;
use crate::ops::{Event, Result, Session, artifacts};
use crate::profile::python::Interpreter;
use crate::store::{Store, Tree};

use super::consent::Exceptions;
use super::crates;
use super::key::{KeyInput, key};
use super::probe::tool_request;
use super::source::{Source, not_locked};
use super::workshop::{Equipment, Workshop};

/// Builds what a lock holds only as source.
pub(in crate::ops) struct Builder<'a> {
    pub(in crate::ops) session: &'a Session<'a>,
    pub(in crate::ops) project: &'a Project,
    pub(in crate::ops) builds: &'a Builds,
    pub(in crate::ops) interpreter: &'a Interpreter,
    pub(in crate::ops) platform: Platform,
}

/// A package that is to be built, unless the store has what comes of it.
#[derive(Clone)]
pub(in crate::ops) struct PlannedBuild {
    pub(in crate::ops) package: PackageKey,
    origin: Origin,
    /// The name of what comes of it in the store.
    pub(in crate::ops) output: Digest,
    /// Its source distribution, and then its tools.
    pub(in crate::ops) inputs: Vec<RequestedArtifact>,
    exceptions: Exceptions,
}

impl Builder<'_> {
    /// Returns the build of a package.
    pub(in crate::ops) fn plan(&self, package: &PackageKey, origin: &Origin, sdist: &Artifact) -> Result<PlannedBuild> {
        let inputs = inputs(self.builds, package, origin, sdist, self.platform)?;
        let digests: Option<Vec<(&PackageKey, &Digest)>> =
            inputs.iter().map(|input| Some((input.owner.package()?, input.artifact.digest.as_ref()?))).collect();
        let Some(((_, sdist), tools)) = digests.as_deref().and_then(<[_]>::split_first) else {
            return Err(not_locked(package).into());
        };
        let requirements = self.builds.requirements.get(package);
        let is_rust = requirements
            .is_some_and(|needed| crates::builds_rust(needed.tools.keys().map(|tool| tool.id.name.as_str())));
        let rust = if is_rust { crates::find_toolchain(self.session.context())? } else { None };
        let search_path: Vec<PathBuf> = rust.iter().map(|rust| rust.join("bin")).collect();
        let toolchain = Toolchain::of_machine(&search_path, Some(&self.interpreter.path))?;
        let exceptions = Exceptions::of(self.session.context(), self.project, package)?;
        let input = KeyInput {
            package,
            sdist,
            tools,
            interpreter: self.interpreter,
            platform: self.platform,
            toolchain: &toolchain,
            exceptions: &exceptions,
        };
        let origin = origin.clone();
        Ok(PlannedBuild { package: package.clone(), origin, output: key(&input)?, inputs, exceptions })
    }

    /// Returns the names in the store of what is built for a closure, with its packages.
    pub(in crate::ops) fn outputs(&self, closure: &Closure<'_>) -> Result<Vec<(PackageKey, Digest)>> {
        let mut outputs = Vec::new();
        for (key, package) in closure.packages() {
            let (Some(origin), Some(artifact)) = (&package.origin, package.artifact_for(self.platform)) else {
                continue;
            };
            if artifact.kind.needs_build() && self.builds.requirements.contains_key(key) {
                outputs.push((key.clone(), self.plan(key, origin, artifact)?.output));
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
                let planned = self.plan(key, origin, artifact)?;
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
        let staging = store.stage(Some(&planned.output), |process| {
            reporter(Event::Waiting { process, does: format!("builds {package}") });
        })?;
        if let Some(tree) = self.find(planned)? {
            return Ok(tree);
        }
        let Some((sdist, tools)) = inputs.split_first() else { return Err(not_locked(package).into()) };
        let source = Source::read(package.clone(), Arc::new(sdist.tree.clone()))?;
        let requested = planned.inputs.iter().skip(1);
        let tools: Vec<(PackageKey, Arc<Tree>)> = requested
            .zip(tools)
            .filter_map(|(tool, tree)| Some((tool.owner.package()?.clone(), Arc::new(tree.tree.clone()))))
            .collect();
        reporter(Event::BuildingPackage(package.to_string()));
        let equipment = Equipment { interpreter: self.interpreter, tools: &tools, exceptions: &planned.exceptions };
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
    let mut inputs = vec![RequestedArtifact::new(package, origin, sdist)];
    for (key, tool) in builds.tools_of(package, platform) {
        inputs.push(tool_request(package, key, tool, platform)?);
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
