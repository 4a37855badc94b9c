//! The locked packages of an environment.

use serde::Serialize;

use crate::lock::{self as lockfile, Closure};
use crate::model::{Label, Origin, PackageDescriptor, PackageKey, Platform};

use super::project::selection;
use super::{Context, Project, Result, lock};

/// `larder list --json`: see `schema/list.json`.
#[derive(Debug, Serialize)]
pub struct Listing {
    /// The environment's name.
    pub environment: String,
    /// One element per (ecosystem, name, version), sorted.
    pub packages: Vec<ListedPackage>,
    /// The runtimes that larder brings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runtimes: Vec<ListedRuntime>,
}

/// A runtime that larder brings.
#[derive(Debug, Serialize)]
pub struct ListedRuntime {
    /// `node` or `python`
    pub name: &'static str,
    /// Its version.
    pub version: String,
    /// `node-distribution`, `npm-packages` or `python-build-standalone`
    pub source: &'static str,
    /// Who published it, where the lock says that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// The declared platforms that have this version.
    pub platforms: Vec<Platform>,
}

/// A package of an environment.
#[derive(Debug, Serialize)]
pub struct ListedPackage {
    /// `npm`, `pypi`, `larder` or `path`
    pub ecosystem: &'static str,
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The registry that it comes from; `null` for a local folder, a git repository or a URL.
    pub registry: Option<Label>,
    /// The git repository or the URL that it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The declared platforms that need it.
    pub platforms: Vec<Platform>,
    /// Whether a manifest names it.
    pub direct: bool,
    /// What the package's descriptor says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<ListedDescriptor>,
}

/// What the package's descriptor says of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedDescriptor {
    /// Its identifier.
    pub uid: String,
    /// `Type`: 0 is general, 1 an assembly.
    pub r#type: u32,
    /// `InstallBehavior`; 0 is none.
    pub install_behavior: u32,
    /// Who maintains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintainer: Option<String>,
    /// Whether it runs only with a license of its vendor.
    pub needs_license: bool,
}

impl From<&PackageDescriptor> for ListedDescriptor {
    fn from(facts: &PackageDescriptor) -> Self {
        Self {
            uid: facts.uid.to_string(),
            r#type: facts.kind,
            install_behavior: facts.install_behavior,
            maintainer: facts.maintainer.clone(),
            needs_license: facts.needs_license,
        }
    }
}

/// Lists what the environment needs, on all declared platforms.
pub fn list(context: &Context<'_>) -> Result<Listing> {
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let lockfile = lock::existing(&project)?;
    let anywhere = selection(environment, None);
    let declared: Vec<Platform> = lockfile.settings.platforms.iter().map(|target| target.platform).collect();
    let closure = Closure::of(&lockfile.graph, &anywhere);
    let direct = closure.direct();
    let found = lockfile::platforms_of(&lockfile.graph, &anywhere.groups, &declared);
    let package = |key: &PackageKey| lockfile.graph.packages.get(key);
    let origin = |key: &PackageKey| package(key).and_then(|package| package.origin.as_ref());
    let packages = found.into_iter().map(|(key, platforms)| ListedPackage {
        ecosystem: key.id.ecosystem.as_str(),
        name: key.id.name.to_string(),
        version: key.version.to_string(),
        registry: origin(&key).and_then(Origin::registry).cloned(),
        source: origin(&key).and_then(Origin::source).map(ToString::to_string),
        platforms,
        direct: direct.contains(&key),
        descriptor: package(&key).and_then(|package| package.facts.descriptor.as_deref()).map(ListedDescriptor::from),
    });
    let runtimes = lockfile.runtimes.0.iter().map(|(key, runtime)| ListedRuntime {
        name: key.name.as_str(),
        version: key.version.to_string(),
        source: runtime.source.as_str(),
        publisher: runtime.publisher.clone(),
        platforms: declared.iter().copied().filter(|platform| runtime.artifact_for(*platform).is_some()).collect(),
    });
    Ok(Listing {
        environment: environment.name.to_string(),
        packages: packages.collect(),
        runtimes: runtimes.collect(),
    })
}
