//! Nodes and edges: packages by name and version, and which of them needs which.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::Serialize;

use crate::lock::Closure;
use crate::model::{Dependent, EdgeKind, PackageKey};

/// A graph of packages. Edges name nodes by their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    /// The nodes: the project and its members first, then packages, sorted.
    pub nodes: Vec<DiagramNode>,
    /// The edges, sorted.
    pub edges: Vec<DiagramEdge>,
}

/// A node of a diagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiagramNode {
    /// Its name in the diagram: `npm:react@18.3.1`; a manifest's is its folder, `.` for the root.
    pub id: String,
    /// What it is.
    pub role: NodeRole,
    /// What it is drawn as: the ecosystem of a package, the kind of an asset.
    #[serde(rename = "ecosystem", skip_serializing_if = "Option::is_none")]
    pub class: Option<&'static str>,
    /// The name of the package, the project or the asset.
    pub name: String,
    /// The version of a package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// Where the graph begins: the project or a member; a flow.
    #[serde(rename = "manifest")]
    Root,
    /// A package that a manifest names; an asset of the project.
    Direct,
    /// A package that others need; an asset of another.
    Indirect,
}

/// An edge of a diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiagramEdge {
    /// The place of the dependent.
    pub from: usize,
    /// The place of what it needs.
    pub to: usize,
    /// How it needs it.
    pub role: EdgeRole,
}

/// How a dependent needs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EdgeRole {
    /// It cannot do without.
    Normal,
    /// It can do without.
    Optional,
    /// Another has to bring it.
    Peer,
}

impl Diagram {
    /// Returns what a closure reaches. Instances of one package are one node.
    pub fn of(closure: &Closure<'_>, project: &str) -> Self {
        let direct = closure.direct();
        let mut nodes = Vec::new();
        let manifests: BTreeSet<&Dependent> = closure.roots.iter().map(|root| &root.dependent).collect();
        for dependent in &manifests {
            let (id, name) = match dependent {
                Dependent::Project => (".".to_owned(), project.to_owned()),
                Dependent::Member(folder) => (folder.to_string(), folder.to_string()),
            };
            nodes.push(DiagramNode { id, role: NodeRole::Root, class: None, name, version: None });
        }
        let mut places: BTreeMap<&PackageKey, usize> = BTreeMap::new();
        for (key, _) in closure.packages() {
            places.insert(key, nodes.len());
            nodes.push(DiagramNode {
                id: key.to_string(),
                role: if direct.contains(key) { NodeRole::Direct } else { NodeRole::Indirect },
                class: Some(key.id.ecosystem.as_str()),
                name: key.id.name.to_string(),
                version: Some(key.version.to_string()),
            });
        }
        let mut edges: BTreeMap<(usize, usize), EdgeRole> = BTreeMap::new();
        let mut add = |from: usize, to: usize, role: EdgeRole| {
            let known = edges.entry((from, to)).or_insert(role);
            *known = (*known).min(role);
        };
        for root in &closure.roots {
            let from = manifests.iter().position(|dependent| **dependent == root.dependent).unwrap_or_default();
            let role = if root.optional { EdgeRole::Optional } else { EdgeRole::Normal };
            closure
                .root_edges(root)
                .filter_map(|edge| places.get(&edge.to.package))
                .for_each(|to| add(from, *to, role));
        }
        for instance in closure.instances.keys() {
            let Some(&from) = places.get(&instance.package) else { continue };
            for edge in closure.edges(instance) {
                match places.get(&edge.to.package) {
                    Some(&to) if to != from => add(from, to, role(edge.kind)),
                    _ => {}
                }
            }
        }
        let edges = edges.into_iter().map(|((from, to), role)| DiagramEdge { from, to, role }).collect();
        Self { nodes, edges }
    }

    /// Returns the part around some nodes: what leads to them, and what they lead to.
    #[must_use]
    pub fn around(&self, focus: &[usize]) -> Self {
        let below = self.reached(focus, |edge| (edge.from, edge.to));
        let above = self.reached(focus, |edge| (edge.to, edge.from));
        let is_kept = |place: usize| below[place].is_some() || above[place].is_some();
        // An edge beside the focus, from what leads to it to what it leads to, is no part of the answer.
        let is_on_path = |edge: &DiagramEdge| {
            below[edge.from].is_some() && below[edge.to].is_some()
                || above[edge.from].is_some() && above[edge.to].is_some()
        };
        self.part(is_kept, is_on_path)
    }

    /// Returns the part within so many steps from the roots, or from `focus` where some nodes are given.
    #[must_use]
    pub fn within(&self, depth: usize, focus: &[usize]) -> Self {
        let roots: Vec<usize> =
            (0..self.nodes.len()).filter(|place| self.nodes[*place].role == NodeRole::Root).collect();
        let start = if focus.is_empty() { &roots } else { focus };
        let below = self.reached(start, |edge| (edge.from, edge.to));
        let above = if focus.is_empty() {
            vec![None; self.nodes.len()]
        } else {
            self.reached(start, |edge| (edge.to, edge.from))
        };
        let is_near = |steps: &Option<usize>| steps.is_some_and(|steps| steps <= depth);
        self.part(|place| is_near(&below[place]) || is_near(&above[place]), |_| true)
    }

    /// Returns in how many steps each node is reached. `None` if it is not.
    fn reached(&self, start: &[usize], ends: impl Fn(&DiagramEdge) -> (usize, usize)) -> Vec<Option<usize>> {
        let mut next: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for edge in &self.edges {
            let (from, to) = ends(edge);
            next[from].push(to);
        }
        let mut steps: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut waiting: VecDeque<(usize, usize)> = start.iter().map(|place| (*place, 0)).collect();
        while let Some((place, far)) = waiting.pop_front() {
            if steps[place].is_none() {
                steps[place] = Some(far);
                waiting.extend(next[place].iter().map(|to| (*to, far + 1)));
            }
        }
        steps
    }

    fn part(&self, is_kept: impl Fn(usize) -> bool, has_edge: impl Fn(&DiagramEdge) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.nodes.len()).filter(|place| is_kept(*place)).collect();
        let place = |old: usize| kept.binary_search(&old).ok();
        let edges = self
            .edges
            .iter()
            .filter(|edge| has_edge(edge))
            .filter_map(|edge| Some(DiagramEdge { from: place(edge.from)?, to: place(edge.to)?, role: edge.role }));
        Self { nodes: kept.iter().map(|old| self.nodes[*old].clone()).collect(), edges: edges.collect() }
    }
}

impl DiagramNode {
    /// Returns what people read of it: `react 18.3.1`.
    pub(super) fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.clone(),
        }
    }
}

fn role(kind: EdgeKind) -> EdgeRole {
    match kind {
        EdgeKind::Normal => EdgeRole::Normal,
        EdgeKind::Optional => EdgeRole::Optional,
        EdgeKind::Peer | EdgeKind::OptionalPeer => EdgeRole::Peer,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Makes a diagram of `a>b b>c`, whose first node is the project.
    pub(in crate::diagram) fn diagram(edges: &str) -> Diagram {
        let pairs: Vec<(&str, &str)> = edges.split_whitespace().filter_map(|edge| edge.split_once('>')).collect();
        let mut names: Vec<&str> = Vec::new();
        for name in pairs.iter().flat_map(|(from, to)| [*from, *to]) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let place = |name: &str| names.iter().position(|known| *known == name).unwrap();
        let node = |(at, name): (usize, &&str)| DiagramNode {
            id: (*name).to_owned(),
            role: if at == 0 { NodeRole::Root } else { NodeRole::Indirect },
            class: Some("npm"),
            name: (*name).to_owned(),
            version: Some("1.0.0".to_owned()),
        };
        let nodes = names.iter().enumerate().map(node).collect();
        let edge = |(from, to): &(&str, &str)| DiagramEdge { from: place(from), to: place(to), role: EdgeRole::Normal };
        Diagram { nodes, edges: pairs.iter().map(edge).collect() }
    }

    fn names(diagram: &Diagram) -> String {
        let edges =
            diagram.edges.iter().map(|edge| format!("{}>{}", diagram.nodes[edge.from].id, diagram.nodes[edge.to].id));
        edges.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_part_around_a_node_has_its_dependents_and_dependencies() {
        let whole = diagram("p>a a>b b>c p>d d>e a>c");
        assert_eq!(names(&whole.around(&[2])), "p>a a>b b>c");
        assert_eq!(names(&whole.around(&[0])), names(&whole));
        assert_eq!(names(&whole.within(1, &[])), "p>a p>d");
        assert_eq!(names(&whole.within(1, &[2])), "a>b b>c a>c");
        assert_eq!(whole.around(&[5]).nodes.len(), 3);
    }
}
