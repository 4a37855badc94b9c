//! Why a package is there.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, nearest};
use crate::lock::{self as lockfile, Closure, DependencyChain, Lockfile};
use crate::manifest::Environment;
use crate::model::{Edge, PackageId, PackageName, TargetInstance};

use super::project::spec::Known;
use super::project::{manifest_of, selection};
use super::session::MANIFEST;
use super::update::NotLocked;
use super::{Context, Project, Result, lock};

/// `larder why --json`: see `schema/why.json`.
#[derive(Debug, Serialize)]
pub struct Why {
    /// The environment's name.
    pub environment: String,
    /// `npm`, `pypi`, `larder` or `path`; `runtime` for one that larder brings
    pub ecosystem: &'static str,
    /// The package's name.
    pub name: String,
    /// The shortest chains from the manifests to the package.
    pub chains: Vec<Chain>,
}

/// A way from a manifest to the package.
#[derive(Debug, Serialize)]
pub struct Chain {
    /// The manifest whose line it begins at: `larder.kdl`, or a member's folder.
    pub from: String,
    /// The line's group, where it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The packages on the way, as `npm:react@18.3.1`; the first is one that a manifest names.
    pub steps: Vec<String>,
}

/// Returns the shortest chains to every version of the package that the environment has, or to the one that is asked for:
/// `npm:react@18.3.1`.
pub fn why(context: &Context<'_>, asked: &str) -> Result<Why> {
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let locked = lock::existing(&project)?;
    let selection = selection(environment, crate::ops::project::host::platform());
    let closure = Closure::of(&locked.graph, &selection);
    let (name, version) = split_version(asked);
    let known = Known::parse(name);
    let mut packages: Vec<&PackageId> = closure.instances.keys().map(|key| &key.package.id).collect();
    packages.dedup();
    let mut named = packages.iter().copied().filter(|package| known.names(package));
    let Some(package) = named.next() else {
        if let Some(why) = runtime(environment, &locked, name) {
            return Ok(why);
        }
        let mut provided = project.manifest.settings.instance.packages();
        if let Some(package) = provided.find(|package| known.names(package)) {
            return Err(Provided { name: package.name }.into());
        }
        let meant = nearest(name, packages.iter().map(|package| package.name.as_str())).map(str::to_owned);
        return Err(NotLocked { name: name.to_owned(), meant }.into());
    };
    if named.next().is_some() {
        return Err(Ambiguous { name: name.to_owned() }.into());
    }
    let step = |edge: &&Edge| edge.to.package.to_string();
    let mut chains = lockfile::why(&closure, package);
    if let Some(version) = version {
        let reached = |chain: &DependencyChain<'_>| Some(chain.steps.last()?.to.package.version.to_string());
        let there: BTreeSet<String> = chains.iter().filter_map(reached).collect();
        if !there.contains(version) {
            let there = there.into_iter().collect();
            return Err(OtherVersions { package: package.to_string(), asked: version.to_owned(), there }.into());
        }
        chains.retain(|chain| reached(chain).as_deref() == Some(version));
    }
    let chains = chains
        .into_iter()
        .map(|chain| Chain {
            from: manifest_of(&chain.root.dependent),
            group: chain.root.group.as_ref().map(ToString::to_string),
            steps: chain.steps.iter().map(step).collect(),
        })
        .collect();
    Ok(Why {
        environment: environment.name.to_string(),
        ecosystem: package.ecosystem.as_str(),
        name: package.name.to_string(),
        chains,
    })
}

/// Splits a version off, behind an `@` that does not begin a scope.
fn split_version(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() && !name.ends_with([':', '/']) => (name, Some(version)),
        _ => (text, None),
    }
}

/// Returns why a runtime is there, if larder brings one of this name: the manifest declares it.
fn runtime(environment: &Environment, locked: &Lockfile, name: &str) -> Option<Why> {
    let of_name = locked.runtimes.0.keys().filter(|key| key.name.as_str() == name);
    let chains: Vec<Chain> =
        of_name.map(|key| Chain { from: MANIFEST.to_owned(), group: None, steps: vec![key.to_string()] }).collect();
    let is_there = !chains.is_empty();
    is_there.then(|| Why {
        environment: environment.name.to_string(),
        ecosystem: "runtime",
        name: name.to_owned(),
        chains,
    })
}

/// A version that the environment does not have, of a package that it has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{package}` is there, and not in version `{asked}`")]
#[diagnostic(code(larder::why::other_versions), help("there is {}", there.join(", ")))]
pub struct OtherVersions {
    /// The package.
    pub package: String,
    /// The version that was asked for.
    pub asked: String,
    /// The versions that are there.
    pub there: Vec<String>,
}

impl Failure for OtherVersions {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A package that the instance has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` is not in larder.lock: the instance provides it")]
#[diagnostic(
    code(larder::why::provided),
    help(
        "what the instance has is never fetched, and who needs it is not locked: `provides` under `{}` says that it is there",
        TargetInstance::ECOSYSTEM
    )
)]
pub struct Provided {
    /// The package.
    pub name: PackageName,
}

impl Failure for Provided {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A name that more than one ecosystem has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{name}` is in more than one ecosystem")]
#[diagnostic(code(larder::why::ambiguous), help("write npm:{name} or pypi:{name}"))]
pub struct Ambiguous {
    /// The name that was given.
    pub name: String,
}

impl Failure for Ambiguous {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
