//! `larder graph --assets`: which asset refers to which.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::assets::{AssetIndex, AssetSet, Strength};
use crate::diagram::{Diagram, DiagramEdge, DiagramNode, EdgeRole, NodeRole};
use crate::model::{AssetId, AssetKind, AssetQuery};
use crate::ops::graph::{GraphForm, GraphRequest, written};
use crate::ops::{Result, Session};

use super::impact::{unknown_asset, unreadable_query};
use super::load::ProjectAssets;

/// `larder graph --assets --format json`: see `schema/graph-assets.json`.
#[derive(Debug, Serialize)]
struct AssetGraph {
    nodes: Vec<AssetNode>,
    edges: Vec<AssetEdge>,
}

/// An asset.
#[derive(Debug, Serialize)]
struct AssetNode {
    id: String,
    kind: &'static str,
    package: String,
    name: String,
    version: String,
    own: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// A reference.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct AssetEdge {
    from: String,
    to: String,
    part: &'static str,
    strength: &'static str,
}

/// Returns the graph of the project's assets and of those that they refer to, as text in a form. Writes it if a file is named.
pub fn graph(session: &Session<'_>, form: GraphForm, request: &GraphRequest) -> Result<String> {
    let project = ProjectAssets::of(session)?;
    let text = project.with_links(|set| drawn(set, form, request))?;
    request.keep(session.context(), &text)?;
    Ok(text)
}

fn drawn(set: &AssetSet<'_>, form: GraphForm, request: &GraphRequest) -> Result<String> {
    let shown = set.closure(set.own());
    let mut diagram = diagram(set, &shown);
    let focus = focus(set, &shown, &request.focus)?;
    if !focus.is_empty() {
        diagram = diagram.around(&focus.iter().map(|(at, _)| *at).collect::<Vec<_>>());
    }
    if let Some(depth) = request.depth {
        let places = diagram.nodes.iter().enumerate().filter(|(_, node)| focus.iter().any(|(_, id)| *id == node.id));
        diagram = diagram.within(depth, &places.map(|(at, _)| at).collect::<Vec<_>>());
    }
    written(&diagram, form, || document(set, &shown, &diagram))
}

fn diagram(set: &AssetSet<'_>, shown: &[AssetIndex]) -> Diagram {
    let place: BTreeMap<AssetIndex, usize> = shown.iter().enumerate().map(|(place, at)| (*at, place)).collect();
    let node = |at: &AssetIndex| {
        let id = &set.asset(*at).id;
        let version = Some(id.version.as_str()).filter(|version| *version != AssetId::FIRST_VERSION);
        DiagramNode {
            id: id.to_string(),
            role: match (id.kind, set.owner(*at).is_own) {
                (AssetKind::Flow, _) => NodeRole::Root,
                (_, true) => NodeRole::Direct,
                (_, false) => NodeRole::Indirect,
            },
            class: Some(id.kind.as_str()),
            name: format!("{}/{}", id.package, id.name),
            version: version.map(|version| format!("@{version}")),
        }
    };
    let mut edges: BTreeMap<(usize, usize), EdgeRole> = BTreeMap::new();
    for (from, at) in shown.iter().enumerate() {
        for link in set.links(*at) {
            let Some(to) = link.to.as_ref().ok().and_then(|to| place.get(to)) else { continue };
            let role = if link.strength == Strength::Required { EdgeRole::Normal } else { EdgeRole::Optional };
            let known = edges.entry((from, *to)).or_insert(role);
            *known = (*known).min(role);
        }
    }
    let edges = edges.into_iter().map(|((from, to), role)| DiagramEdge { from, to, role });
    Diagram { nodes: shown.iter().map(node).collect(), edges: edges.collect() }
}

/// Returns the assets that are meant: their places among those that are shown, and their identities.
fn focus(set: &AssetSet<'_>, shown: &[AssetIndex], named: &[String]) -> Result<BTreeSet<(usize, String)>> {
    let mut found = BTreeSet::new();
    for name in named {
        let query: AssetQuery = name.parse().map_err(|error| unreadable_query(&error))?;
        let meant = shown.iter().enumerate().filter(|(_, at)| query.covers(&set.asset(**at).id));
        let meant: Vec<(usize, String)> = meant.map(|(place, at)| (place, set.asset(*at).id.to_string())).collect();
        if meant.is_empty() {
            return Err(unknown_asset(&query, set));
        }
        found.extend(meant);
    }
    Ok(found)
}

/// Returns the part of the graph that a diagram shows, for programs.
fn document(set: &AssetSet<'_>, shown: &[AssetIndex], diagram: &Diagram) -> String {
    let ids: BTreeSet<&str> = diagram.nodes.iter().map(|node| node.id.as_str()).collect();
    let kept: Vec<AssetIndex> =
        shown.iter().copied().filter(|at| ids.contains(set.asset(*at).id.to_string().as_str())).collect();
    let drawn: BTreeSet<(&str, &str)> = diagram
        .edges
        .iter()
        .map(|edge| (diagram.nodes[edge.from].id.as_str(), diagram.nodes[edge.to].id.as_str()))
        .collect();
    let nodes = kept.iter().map(|at| {
        let (asset, id) = (set.asset(*at), &set.asset(*at).id);
        AssetNode {
            id: id.to_string(),
            kind: id.kind.as_str(),
            package: id.package.to_string(),
            name: id.name.to_string(),
            version: id.version.to_string(),
            own: set.owner(*at).is_own,
            state: (id.kind == AssetKind::Flow).then(|| asset.declaration.state.as_str()),
        }
    });
    let mut edges = Vec::new();
    for at in &kept {
        let from = set.asset(*at).id.to_string();
        for link in set.links(*at) {
            let Some(to) = link.to.as_ref().ok().map(|to| set.asset(*to).id.to_string()) else { continue };
            if drawn.contains(&(from.as_str(), to.as_str())) {
                edges.push(AssetEdge {
                    from: from.clone(),
                    to,
                    part: link.role.as_str(),
                    strength: link.strength.as_str(),
                });
            }
        }
    }
    edges.sort();
    edges.dedup();
    // Structs of strings can always be written.
    serde_json::to_string(&AssetGraph { nodes: nodes.collect(), edges }).unwrap_or_default()
}
