//! The registries of a project, with the credentials and mirrors that this user and the environment have for them.
//!
//! Which credentials an address gets, the first that there are: the `token` of its registry's node, then what `larder login`
//! keeps, then those of the ecosystem's own tools.

pub(super) mod logins;
mod tokens;
mod tool_credentials;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};
use crate::fetch::{ArtifactSource, Body, SourceError};
use crate::fs;
use crate::git::GitOptions;
use crate::manifest::{Manifest, Registry, RegistryUrl, RuntimeAddress, RuntimeRegistry};
use crate::model::{Artifact, ArtifactOwner, Ecosystem, Label, LogKey, Origin, PackageId, Routes, RuntimeHost, Url};
use crate::profile::python;
use crate::registry::credentials::Credential;
use crate::registry::{CachePolicy, MirrorFolder, Registries, RegistryOptions};

use self::tokens::Tokens;
use crate::ops::project::lockfile;
use crate::ops::secrets::alert_pairs;
use crate::ops::secrets::grants::{self, Grant};
use crate::ops::session::release;
use crate::ops::{Context, Error, Project, Result, Session};

/// The options that registries are opened with.
#[derive(Clone, Debug, Default)]
pub(in crate::ops) struct OpenOptions {
    /// Whether cached listings may be used without revalidation.
    pub(in crate::ops) cache_policy: CachePolicy,
    /// Packages that are asked for although a cache could answer.
    pub(in crate::ops) revalidated: BTreeSet<PackageId>,
    /// The keys of logs that the lock has.
    pub(in crate::ops) locked_log_keys: BTreeMap<Label, LogKey>,
    /// Whether listings have to have the signatures of registries that sign.
    pub(in crate::ops) needs_signatures: bool,
}

/// Opens them for a command that does not lock; nothing is asked yet.
pub(in crate::ops) fn open(session: &Session<'_>, project: &Project, cache_policy: CachePolicy) -> Result<Registries> {
    let locked_log_keys = locked_log_keys(project)?;
    open_with(session, project, OpenOptions { cache_policy, locked_log_keys, ..OpenOptions::default() })
}

/// Opens them so that listings have the signatures of registries that sign; nothing is asked yet.
pub(in crate::ops) fn open_with_signatures(session: &Session<'_>, project: &Project) -> Result<Registries> {
    let (cache_policy, locked_log_keys) = (CachePolicy::AnyAge, locked_log_keys(project)?);
    open_with(
        session,
        project,
        OpenOptions { cache_policy, locked_log_keys, needs_signatures: true, ..OpenOptions::default() },
    )
}

/// Returns the keys of logs that the project's lock has, if there is a registry for which the manifest names none.
fn locked_log_keys(project: &Project) -> Result<BTreeMap<Label, LogKey>> {
    let mut registries = project.manifest.registries.iter();
    if !registries.any(|registry| registry.ecosystem.is_published_with_larder() && registry.log.keys.is_empty()) {
        return Ok(BTreeMap::new());
    }
    let lockfile = lockfile::read(&project.root)?.lockfile();
    Ok(lockfile.map(|lockfile| lockfile.log_keys).unwrap_or_default())
}

/// Opens them; nothing is asked yet.
pub(in crate::ops) fn open_with(session: &Session<'_>, project: &Project, options: OpenOptions) -> Result<Registries> {
    let requires_signatures = project.manifest.environments.iter().any(|one| one.policy.signatures.is_some());
    let context = session.context;
    let manifest = &project.manifest;
    let mut mirrors = BTreeMap::new();
    for registry in &manifest.registries {
        let variable = registry.mirror_variable();
        if let Some(text) = context.variables.text(&variable) {
            let url = RegistryUrl::parse(&text).map_err(|reason| BadMirror { variable: variable.clone(), reason })?;
            if registry.url != url && !registry.mirrors.contains(&url) {
                refuse_undeclared(manifest, &variable)?;
            }
            mirrors.insert(registry.name.clone(), vec![url]);
        }
    }
    let tokens = tokens::read(context, project)?;
    let credentials = credentials(context, project, &mirrors, &tokens)?;
    let tokens::Tokens { tokens, netrc } = tokens;
    if context.mirror.is_some() {
        refuse_undeclared(manifest, "--mirror")?;
    }
    let mirror = context.mirror.as_deref().map(MirrorFolder::open).transpose()?;
    let options = RegistryOptions {
        registries: manifest.registries.clone(),
        runtimes: runtime_addresses(context, manifest, mirror.as_ref())?,
        settings: manifest.settings.clone(),
        requires_log_keys: requires_signatures,
        locked_log_keys: options.locked_log_keys,
        needs_signatures: requires_signatures || options.needs_signatures,
        root: project.root.clone(),
        cache: Some(context.cache.clone()),
        cache_policy: options.cache_policy,
        revalidated: options.revalidated,
        client: session.client()?,
        mirrors,
        mirror,
        tokens,
        netrc,
        credentials,
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

/// Fails where a policy admits only the mirrors that the manifest declares.
fn refuse_undeclared(manifest: &Manifest, named_by: &str) -> Result<()> {
    let rules = manifest.environments.iter().filter_map(|environment| environment.policy.sources.as_ref());
    match rules.into_iter().find(|rule| rule.has_declared_mirrors_only) {
        None => Ok(()),
        Some(rule) => Err(UndeclaredMirror {
            named_by: named_by.to_owned(),
            manifest: NamedSource::new(&*manifest.file, manifest.text.to_string()),
            rule: rule.span,
        }
        .into()),
    }
}

/// Returns which variables a project asks to send where, and nobody agreed to yet, be they set or not.
pub(in crate::ops) fn unconfirmed(context: &Context<'_>, project: &Project) -> Result<BTreeSet<Grant>> {
    let mut pairs: Vec<Grant> = tokens::pairs(project).collect();
    for ecosystem in Ecosystem::ALL {
        let addresses = addresses(project, ecosystem, &BTreeMap::new(), |_| true);
        pairs.extend(tool_credentials::asks(context, project, ecosystem, &addresses)?);
    }
    pairs.extend(alert_pairs(&project.manifest.alerts, |name| context.variables.text(name)));
    grants::unconfirmed(context, pairs)
}

/// Finds the credentials for the addresses of registries whose nodes refer to none that are there.
fn credentials(
    context: &Context<'_>,
    project: &Project,
    mirrors: &BTreeMap<Label, Vec<RegistryUrl>>,
    tokens: &Tokens,
) -> Result<BTreeMap<Url, Credential>> {
    let mut found = BTreeMap::new();
    // Nothing is sent.
    if context.offline {
        return Ok(found);
    }
    for ecosystem in Ecosystem::ALL {
        let addresses = addresses(project, ecosystem, mirrors, |registry| !tokens.has(registry));
        let logins = logins::find(context, &addresses)?;
        let others: Vec<Url> = addresses.into_iter().filter(|address| !logins.contains_key(address)).collect();
        found.extend(tool_credentials::find(context, project, ecosystem, &others)?);
        found.extend(logins);
    }
    Ok(found)
}

/// Returns the addresses on servers of some registries of an ecosystem, with their mirrors.
fn addresses(
    project: &Project,
    ecosystem: Ecosystem,
    mirrors: &BTreeMap<Label, Vec<RegistryUrl>>,
    is_meant: impl Fn(&Registry) -> bool,
) -> Vec<Url> {
    let registries = project.manifest.registries.iter();
    let meant = registries.filter(|registry| registry.ecosystem == ecosystem && is_meant(registry));
    let all = meant.flat_map(|registry| {
        let overrides = mirrors.get(&registry.name).into_iter().flatten();
        std::iter::once(&registry.url).chain(&registry.mirrors).chain(overrides)
    });
    all.filter_map(RegistryUrl::http).cloned().collect()
}

/// Returns the addresses of the hosts of runtimes that are not the usual ones: a mirror of the environment comes first, then the
/// folder that has what locks need.
fn runtime_addresses(
    context: &Context<'_>,
    manifest: &Manifest,
    mirror: Option<&MirrorFolder>,
) -> Result<BTreeMap<RuntimeHost, Vec<RegistryUrl>>> {
    let mut addresses: BTreeMap<RuntimeHost, Vec<RegistryUrl>> = BTreeMap::new();
    for host in RuntimeHost::ALL {
        let variable = RuntimeRegistry::mirror_variable(host);
        if let Some(text) = context.variables.text(&variable) {
            let url = RegistryUrl::parse(&text).map_err(|reason| BadMirror { variable, reason })?;
            addresses.entry(host).or_default().push(url);
        }
        if let Some(folder) = mirror.map(|mirror| mirror.runtimes_of(host)).transpose()?.flatten() {
            let no_text = || BadMirror { variable: "--mirror".to_owned(), reason: "its path is no text".to_owned() };
            let folder = RegistryUrl::Folder(folder.to_str().ok_or_else(no_text)?.into());
            addresses.entry(host).or_default().push(folder);
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

    /// Returns the registries.
    pub(in crate::ops) fn registries(&self) -> Result<&Registries> {
        let opened = self.opened.get_or_init(|| open(self.session, self.project, CachePolicy::default()));
        opened.as_ref().map_err(Error::clone)
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
        self.registries()?.open(owner, origin, artifact)
    }
}

impl Drop for LazyRegistries<'_> {
    fn drop(&mut self) {
        if let Some(Ok(registries)) = self.opened.take() {
            release(registries);
        }
    }
}

/// A mirror that only the environment names, where the policy wants those of the manifest.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{named_by} names a mirror that larder.kdl does not declare, and the policy admits no other")]
#[diagnostic(
    code(larder::policy::sources),
    help("unset it, or declare the mirror: `mirror \"URL\"` in the block of its registry")
)]
struct UndeclaredMirror {
    named_by: String,
    #[source_code]
    manifest: NamedSource<String>,
    #[label("the policy")]
    rule: SourceSpan,
}

impl Failure for UndeclaredMirror {
    fn exit(&self) -> Exit {
        Exit::Refused
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
