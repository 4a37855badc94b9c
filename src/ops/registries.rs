//! The registries of a project, with the tokens and mirrors that the environment holds for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::diagnostic::{Exit, Failure};
use crate::fetch::{BadProxy, Body, ClientOptions, Network, Proxies, RootSources, Source, SourceError};
use crate::fs;
use crate::manifest::RegistryUrl;
use crate::model::{Artifact, Label, PackageId, PackageKey, Routes};
use crate::registry::{Freshness, Options, Registries};

use super::{Context, Project, Result, Session, Variables, tokens};

/// Opens them; nothing is asked yet.
pub(super) fn open(session: &Session<'_>, project: &Project, freshness: Freshness) -> Result<Registries> {
    open_asking(session, project, freshness, BTreeSet::new())
}

/// Opens them so that some packages are asked for although a cache could answer; nothing is asked yet.
pub(super) fn open_asking(
    session: &Session<'_>,
    project: &Project,
    freshness: Freshness,
    asked: BTreeSet<PackageId>,
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
    let options = Options {
        registries: manifest.registries.clone(),
        settings: manifest.settings.clone(),
        root: project.root.clone(),
        cache: Some(context.cache.clone()),
        freshness,
        asked,
        client: session.client()?,
        mirrors,
        tokens,
        netrc,
        pinned: project.pins.clone(),
        routed: project.routes.iter().flat_map(Routes::iter).map(|(package, _)| package.clone()).collect(),
        members: project.names.clone(),
        folders: project.folders(),
    };
    fs::expect_open_files();
    Ok(Registries::new(options))
}

/// The registries of a project as the source of its artifacts: opened when the first is missing in the store.
pub(super) struct LazyRegistries<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) project: &'a Project,
    opened: OnceLock<Result<Registries>>,
}

impl<'a> LazyRegistries<'a> {
    pub(super) fn new(session: &'a Session<'a>, project: &'a Project) -> Self {
        Self { session, project, opened: OnceLock::new() }
    }

    /// Fails where the registries were needed and could not be opened.
    pub(super) fn opened(&self) -> Result<()> {
        match self.opened.get() {
            Some(Err(error)) => Err(error.clone()),
            Some(Ok(_)) | None => Ok(()),
        }
    }
}

impl Source for LazyRegistries<'_> {
    fn open(
        &self,
        package: &PackageKey,
        registry: &Label,
        artifact: &Artifact,
    ) -> std::result::Result<(Body, Option<u64>), SourceError> {
        match self.opened.get_or_init(|| open(self.session, self.project, Freshness::default())) {
            Ok(registries) => registries.open(package, registry, artifact),
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

/// Returns how a command asks.
pub(super) fn client_options(context: &Context<'_>) -> Result<ClientOptions> {
    Ok(ClientOptions {
        network: if context.offline { Network::Offline } else { Network::Online },
        proxies: Proxies::read(|name| context.variables.text(name)).map_err(BadProxyVariable)?,
        roots: roots(&context.variables),
        ..ClientOptions::default()
    })
}

/// Gives back what is large: a hundred thousand versions, or fifty connections. That is done beside what is left to do,
/// and the end of the process does not wait for it.
pub(super) fn release(large: impl Send + 'static) {
    let _ = std::thread::Builder::new().name("larder-release".to_owned()).spawn(move || drop(large));
}

/// Returns which certificates the variables want trusted.
fn roots(variables: &Variables) -> RootSources {
    let folders = variables.path("SSL_CERT_DIR").map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
    RootSources {
        file: variables.path("SSL_CERT_FILE"),
        folders: folders.unwrap_or_default().into_iter().filter(|folder| !folder.as_os_str().is_empty()).collect(),
        extra: variables.path("NODE_EXTRA_CA_CERTS"),
        has_empty_file: variables.is_set("SSL_CERT_FILE") && variables.path("SSL_CERT_FILE").is_none(),
    }
}

/// A proxy's variable that names none.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error(transparent)]
#[diagnostic(code(larder::registry::bad_proxy), help("it is written http://HOST:PORT or socks5://HOST:PORT"))]
struct BadProxyVariable(BadProxy);

impl Failure for BadProxyVariable {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A `LARDER_MIRROR_…` that is no place.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{variable} is not a registry's address: {reason}")]
#[diagnostic(code(larder::registry::bad_mirror), help("give an https:// URL, an http:// one on loopback, or a folder"))]
pub(super) struct BadMirror {
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
