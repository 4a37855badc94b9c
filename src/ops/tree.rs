//! Who depends on what.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::lock::Closure;
use crate::model::{Edge, InstanceKey};

use super::project::selection;
use super::{Context, Project, Result, lock};

/// `larder tree --json`: see `schema/tree.json`.
#[derive(Debug, Serialize)]
pub struct TreeReport {
    /// The environment's name.
    pub environment: String,
    /// What the manifests name.
    pub dependencies: Vec<DependencyNode>,
}

/// A dependency and what it depends on in turn.
#[derive(Debug, Serialize)]
pub struct DependencyNode {
    /// `npm`, `pypi`, `larder` or `path`
    pub ecosystem: &'static str,
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The name that its dependent knows it by, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Whether its dependencies stand elsewhere in the tree, or the depth ends here.
    pub repeated: bool,
    /// What it depends on.
    pub dependencies: Vec<DependencyNode>,
}

/// Draws the environment's dependencies, each package's own once.
pub fn tree(context: &Context<'_>, depth: Option<usize>) -> Result<TreeReport> {
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let lockfile = lock::existing(&project)?;
    let selection = selection(environment, crate::ops::project::host::platform());
    let closure = Closure::of(&lockfile.graph, &selection);
    let mut seen = BTreeSet::new();
    let depth = depth.unwrap_or(DEEPEST).min(DEEPEST);
    let mut roots: Vec<&Edge> = closure.roots.iter().flat_map(|root| closure.root_edges(root)).collect();
    roots.sort();
    roots.dedup_by(|a, b| a.to == b.to && a.name == b.name);
    let shown = roots.into_iter().filter(|_| depth > 0);
    let dependencies = shown.map(|edge| node(&closure, edge, depth, &mut seen)).collect();
    Ok(TreeReport { environment: environment.name.to_string(), dependencies })
}

/// Far deeper than any real tree, and shallow enough for the stack.
const DEEPEST: usize = 200;

fn node<'a>(
    closure: &Closure<'a>,
    edge: &'a Edge,
    depth: usize,
    seen: &mut BTreeSet<&'a InstanceKey>,
) -> DependencyNode {
    let key = &edge.to.package;
    // An extra or a feature that brings others is an edge of a package to itself.
    let mut below = closure.edges(&edge.to).filter(|below| below.to != edge.to).peekable();
    let has_more = below.peek().is_some();
    let repeated = has_more && (depth <= 1 || !seen.insert(&edge.to));
    let dependencies =
        if repeated { Vec::new() } else { below.map(|below| node(closure, below, depth - 1, seen)).collect() };
    DependencyNode {
        ecosystem: key.id.ecosystem.as_str(),
        name: key.id.name.to_string(),
        version: key.version.to_string(),
        alias: (edge.name != key.id.name).then(|| edge.name.to_string()),
        repeated,
        dependencies,
    }
}
