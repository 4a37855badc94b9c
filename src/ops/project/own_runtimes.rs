//! What members and local packages say of the runtimes that they run on, beside those that the manifest declares.

use std::sync::Arc;

use crate::model::{Engines, Graph, Instance, InstanceKey, PypiSpecifier};
use crate::registry::path::PathPackage;
use crate::resolve::{self, NoSolution};

use super::ProjectError;
use crate::ops::{Project, Result};

/// The runtimes that a folder's own manifest asks for.
#[derive(Clone, Debug, Default)]
pub struct OwnRuntimes {
    /// `requires-python` of a pyproject.toml.
    python: Option<String>,
    /// `engines.node` of a package.json.
    node: Option<String>,
}

impl From<&PathPackage> for OwnRuntimes {
    fn from(package: &PathPackage) -> Self {
        Self { python: package.facts.requires_python.clone(), node: package.node.clone() }
    }
}

/// A folder whose own manifest does not admit a declared runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) struct Misfit {
    /// The folder, relative to the root.
    pub(in crate::ops) folder: Arc<str>,
    /// What it says, as the end of a sentence about it.
    pub(in crate::ops) what: String,
}

/// Returns what cannot be locked: members that do not admit the declared Python, and where engines are strict, folders that
/// do not admit the declared Node. A local package that does not admit the Python is refused by the resolver, which knows
/// whether it may be missing.
pub(in crate::ops) fn unmet(project: &Project) -> Vec<Misfit> {
    let members = project.own_runtimes.iter().filter_map(|(folder, own)| python(project, folder, own));
    let strict = if project.manifest.settings.engines == Engines::Strict { nodes(project) } else { Vec::new() };
    members.chain(strict).collect()
}

/// Returns why a lock is stale that has these local packages: [`unmet`], and those that do not admit the declared Python.
pub(in crate::ops) fn stale(project: &Project, has: impl Fn(&str) -> bool) -> Vec<Misfit> {
    let local = project.path_packages.iter().filter(|(folder, _)| has(folder));
    let local = local.filter_map(|(folder, package)| python(project, folder, &package.into()));
    unmet(project).into_iter().chain(local).collect()
}

/// Returns what is said of folders that do not admit the declared Node, where engines only warn.
pub(in crate::ops) fn warnings(project: &Project) -> Vec<String> {
    if project.manifest.settings.engines == Engines::Strict {
        return Vec::new();
    }
    nodes(project).into_iter().map(|Misfit { folder, what }| format!("{folder}: {what}")).collect()
}

/// Returns the contradiction between folders and the declared runtimes.
pub(in crate::ops) fn contradiction(unmet: Vec<Misfit>) -> NoSolution {
    NoSolution {
        lines: Box::default(),
        rules: Vec::new(),
        is_too_young: false,
        packages_from_cache: Vec::new(),
        others: Vec::new(),
        untold: 0,
        unbuilt: Vec::new(),
        because: unmet.into_iter().map(|Misfit { folder, what }| format!("{folder}: {what}")).collect(),
        help: Some("declare a version that they take under `runtimes`, or change their own manifests".to_owned()),
    }
}

/// Fails where packages have Python dependencies, and the manifest declares no Python for their wheels and markers. What the
/// manifest itself asks for was looked at before.
pub(in crate::ops) fn refuse_undeclared_python(project: &Project, graph: &Graph) -> Result<()> {
    if project.manifest.settings.python.is_some() {
        return Ok(());
    }
    let needs_python = |(_, instance): &(&InstanceKey, &Instance)| {
        instance.edges.iter().any(|edge| edge.to.package.id.ecosystem.has_markers())
    };
    match graph.instances.iter().find(needs_python) {
        Some((key, _)) => Err(ProjectError::NoPython(key.package.to_string()).into()),
        None => Ok(()),
    }
}

fn python(project: &Project, folder: &Arc<str>, own: &OwnRuntimes) -> Option<Misfit> {
    let (declared, wanted) = (project.manifest.settings.python.as_ref()?, own.python.as_deref()?);
    let is_unmet = wanted.parse::<PypiSpecifier>().is_ok_and(|wanted| !wanted.admits(&declared.full()));
    let what = format!("it needs Python {wanted}, and the manifest declares {declared}");
    is_unmet.then(|| Misfit { folder: Arc::clone(folder), what })
}

fn nodes(project: &Project) -> Vec<Misfit> {
    let settings = &project.manifest.settings;
    let Some(declared) = settings.node.as_deref() else { return Vec::new() };
    let local = project.path_packages.iter().map(|(folder, package)| (folder, package.into()));
    let members = project.own_runtimes.iter().map(|(folder, own)| (folder, own.clone()));
    let mut found: Vec<Misfit> = members
        .chain(local)
        .filter_map(|(folder, own): (&Arc<str>, OwnRuntimes)| {
            let wanted = own.node.filter(|wanted| !resolve::engine_admits(settings, Some(wanted)))?;
            let what = format!("it wants Node {wanted}, and the manifest declares {declared}");
            Some(Misfit { folder: Arc::clone(folder), what })
        })
        .collect();
    // A member may be a dependency of another.
    found.sort_by(|a, b| a.folder.cmp(&b.folder));
    found.dedup();
    found
}
