//! Several solutions in one graph: joining them, and extracting one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, EdgeKind, Graph, InstanceKey, RootEdge, Side, Sides};

impl Graph {
    /// Joins the solutions of all sides. What they share appears once. An edge that does not hold on every side of its
    /// dependent lists the sides on which it does.
    pub fn joined(solutions: Vec<(Side, Self)>) -> Self {
        let sides: Sides = solutions.iter().map(|(side, _)| side.clone()).collect();
        let mut roots: Vec<(RootEdge, EdgesBySide)> = Vec::new();
        let mut instances: BTreeMap<InstanceKey, (EdgesBySide, BTreeSet<_>)> = BTreeMap::new();
        let mut packages = BTreeMap::new();
        for (side, graph) in solutions {
            let mut taken = BTreeSet::new();
            for root in graph.roots {
                // Each side has a line once. Equal lines are matched in their order.
                let same = |(index, known): &(usize, &(RootEdge, EdgesBySide))| {
                    !taken.contains(index) && is_same_declaration(&known.0, &root)
                };
                let index = roots.iter().enumerate().find(same).map_or(roots.len(), |(index, _)| index);
                taken.insert(index);
                if index == roots.len() {
                    roots.push((RootEdge { to: Vec::new(), ..root.clone() }, EdgesBySide::default()));
                }
                roots[index].1.add(&side, root.to);
            }
            for (key, instance) in graph.instances {
                let known = instances.entry(key).or_default();
                known.0.add(&side, instance.edges);
                known.1.extend(instance.dropped);
            }
            packages.extend(graph.packages);
        }
        let roots =
            roots.into_iter().map(|(root, edges_by_side)| RootEdge { to: edges_by_side.edges(), ..root }).collect();
        let instances = instances.into_iter().map(|(key, (edges_by_side, dropped))| {
            let dropped = dropped.into_iter().collect();
            (key, super::Instance { edges: edges_by_side.edges(), dropped })
        });
        Self { roots, packages, instances: instances.collect(), sides }
    }

    /// Returns whether an edge names a side that has no solution, as a merge of lockfiles can leave it.
    pub fn has_edges_of_no_side(&self) -> bool {
        let is_known = |side: &Side| self.sides.iter().any(|known| known == side);
        let lines = self.roots.iter().flat_map(|root| &root.to);
        let edges = lines.chain(self.instances.values().flat_map(|instance| &instance.edges));
        edges.flat_map(|edge| &edge.sides).any(|side| !is_known(side))
    }

    /// Returns the solution of one side.
    #[must_use]
    pub fn on(&self, side: &Side) -> Self {
        self.subgraph(side, |root| self.sides.counts(root.group.as_ref(), side))
    }

    /// Returns the part of a side's solution that is reachable from lines that count on every side.
    #[must_use]
    pub fn shared_on(&self, side: &Side) -> Self {
        self.subgraph(side, |root| root.group.as_ref().is_none_or(|group| !self.sides.is_exclusive(group)))
    }

    fn subgraph(&self, side: &Side, counts: impl Fn(&RootEdge) -> bool) -> Self {
        let edges_by_side = |edges: &[Edge]| {
            let on_side = edges.iter().filter(|edge| edge.is_on(Some(side)));
            on_side.map(|edge| Edge { sides: Vec::new(), ..edge.clone() }).collect::<Vec<_>>()
        };
        let roots = self.roots.iter().filter(|root| counts(root));
        let roots: Vec<_> = roots.map(|root| RootEdge { to: edges_by_side(&root.to), ..root.clone() }).collect();
        let mut open: Vec<InstanceKey> = roots.iter().flat_map(|root| &root.to).map(|edge| edge.to.clone()).collect();
        let mut subgraph = Self { roots, ..Self::default() };
        while let Some(key) = open.pop() {
            let Some(instance) = self.instances.get(&key).filter(|_| !subgraph.instances.contains_key(&key)) else {
                continue;
            };
            let edges = edges_by_side(&instance.edges);
            // An optional peer makes nothing reachable.
            let followed = edges.iter().filter(|edge| edge.kind != EdgeKind::OptionalPeer);
            open.extend(followed.map(|edge| edge.to.clone()));
            if let Some(package) = self.packages.get(&key.package) {
                subgraph.packages.insert(key.package.clone(), package.clone());
            }
            subgraph.instances.insert(key, super::Instance { edges, dropped: instance.dropped.clone() });
        }
        subgraph
    }
}

/// Returns whether two roots are the same line of a manifest, whatever instances they got.
fn is_same_declaration(one: &RootEdge, other: &RootEdge) -> bool {
    (&one.dependent, &one.group, &one.requirement, one.optional)
        == (&other.dependent, &other.group, &other.requirement, other.optional)
}

/// The edges of one dependent, with the sides on which each holds.
#[derive(Default)]
struct EdgesBySide {
    sides: Vec<Side>,
    edges: BTreeMap<Edge, Vec<Side>>,
}

impl EdgesBySide {
    fn add(&mut self, side: &Side, edges: Vec<Edge>) {
        self.sides.push(side.clone());
        for edge in edges {
            self.edges.entry(edge).or_default().push(side.clone());
        }
    }

    fn edges(self) -> Vec<Edge> {
        let everywhere = self.sides.len();
        let mut edges: Vec<_> = self
            .edges
            .into_iter()
            .map(|(edge, mut sides)| {
                sides.sort();
                Edge { sides: if sides.len() == everywhere { Vec::new() } else { sides }, ..edge }
            })
            .collect();
        edges.sort();
        edges
    }
}
