//! The registries of a project, with the tokens and mirrors that the environment holds for them.

pub(super) mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::diagnostic::{Exit, Failure};
use crate::fetch::{ArtifactSource, Body, SourceError};
use crate::fs;
use crate::git::GitOptions;
use crate::manifest::{Manifest, RegistryUrl, RuntimeAddress, RuntimeRegistry};
use crate::model::{Artifact, ArtifactOwner, Origin, PackageId, Routes, RuntimeHost};
use crate::profile::python;
use crate::registry::{CachePolicy, Registries, RegistryOptions};

use crate::ops::session::release;
use crate::ops::{Context, Project, Result, Session};

/// Opens them; nothing is asked yet.
pub(in crate::ops) fn open(session: &Session<'_>, project: &Project, cache_policy: CachePolicy) -> Result<Registries> {
    open_asking(session, project, cache_policy, BTreeSet::new())
}

/// Opens them so that some packages are asked for although a cache could answer; nothing is asked yet.
pub(in crate::ops) fn open_asking(
    session: &Session<'_>,
    project: &Project,
    cache_policy: CachePolicy,
    revalidated: BTreeSet<PackageId>,
) -> Result<Registries> {
    let context = session.context;
    let manifest = &project.manifest;
    let mut mirrors = BTreeMap::new();
    for registry in &manifest.registries {
        let variable = registry.mirror_variable();
        if let Some(text) = context.variables.text(&variable) {
            let url = RegistryUrl::parse(&text).map_err(|reason| BadMirror { variable, reason })?;
            mirrors.insert(registry.name.clone(), vec![url]);
        }
    }
    let tokens::Tokens { tokens, netrc } = tokens::read(context, project)?;
    let options = RegistryOptions {
        registries: manifest.registries.clone(),
        runtimes: runtime_addresses(context, manifest)?,
        settings: manifest.settings.clone(),
        requires_log_keys: manifest.environments.iter().any(|one| one.policy.requires_signatures),
        root: project.root.clone(),
        cache: Some(context.cache.clone()),
        cache_policy,
        revalidated,
        client: session.client()?,
        mirrors,
        tokens,
        netrc,
        pinned: project.pins.clone(),
        routed: project.routes.iter().flat_map(Routes::iter).map(|(package, _)| package.clone()).collect(),
        git: GitOptions {
            program: python::on_path(&context.variables.search_path(), "git"),
            variables: context.variables.all(),
            offline: context.offline,
        },
        local_packages: project.names.clone(),
        folders: project.folders(),
    };
    fs::expect_open_files();
    Ok(Registries::new(options))
}

/// Returns the addresses of the hosts of runtimes that are not the usual ones: a mirror of the environment comes first.
fn runtime_addresses(context: &Context<'_>, manifest: &Manifest) -> Result<BTreeMap<RuntimeHost, Vec<RegistryUrl>>> {
    let mut addresses: BTreeMap<RuntimeHost, Vec<RegistryUrl>> = BTreeMap::new();
    for host in RuntimeHost::ALL {
        let variable = RuntimeRegistry::mirror_variable(host);
        if let Some(text) = context.variables.text(&variable) {
            let url = RegistryUrl::parse(&text).map_err(|reason| BadMirror { variable, reason })?;
            addresses.entry(host).or_default().push(url);
        }
    }
    for registry in &manifest.runtime_registries {
        let own = match &registry.address {
            RuntimeAddress::Url(url) => Some(url),
            RuntimeAddress::NpmPackages => None,
        };
        addresses.entry(registry.host).or_default().extend(own.into_iter().chain(&registry.mirrors).cloned());
    }
    Ok(addresses)
}

/// The registries of a project as the source of its artifacts: opened when the first is missing in the store.
pub(in crate::ops) struct LazyRegistries<'a> {
    pub(in crate::ops) session: &'a Session<'a>,
    pub(in crate::ops) project: &'a Project,
    opened: OnceLock<Result<Registries>>,
}

impl<'a> LazyRegistries<'a> {
    pub(in crate::ops) fn new(session: &'a Session<'a>, project: &'a Project) -> Self {
        Self { session, project, opened: OnceLock::new() }
    }

    /// Fails where the registries were needed and could not be opened.
    pub(in crate::ops) fn opened(&self) -> Result<()> {
        match self.opened.get() {
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(_)) | None => Ok(()),
        }
    }
}

impl ArtifactSource for LazyRegistries<'_> {
    fn open(
        &self,
        owner: &ArtifactOwner,
        origin: &Origin,
        artifact: &Artifact,
    ) -> std::result::Result<(Body, Option<u64>), SourceError> {
        match self.opened.get_or_init(|| open(self.session, self.project, CachePolicy::default())) {
            Ok(registries) => registries.open(owner, origin, artifact),
            Err(error) => Err(error.clone().into()),
        }
    }
}

impl Drop for LazyRegistries<'_> {
    fn drop(&mut self) {
        if let Some(Ok(registries)) = self.opened.take() {
            release(registries);
        }
    }
}

/// A `LARDER_MIRROR_…` that is no place.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{variable} is not a registry's address: {reason}")]
#[diagnostic(code(larder::registry::bad_mirror), help("give an https:// URL, an http:// one on loopback, or a folder"))]
pub(in crate::ops) struct BadMirror {
    /// The variable.
    pub variable: String,
    /// What is wrong.
    pub reason: String,
}

impl Failure for BadMirror {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
