//! Several solutions in one graph: joining them, and taking one out again.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edge, EdgeKind, Graph, InstanceKey, RootEdge, Side, Sides};

impl Graph {
    /// Joins the solutions of all sides. What agrees is there once; an edge that does not hold on every side of its
    /// dependent says on which it does.
    pub fn joined(solutions: Vec<(Side, Self)>) -> Self {
        let sides: Sides = solutions.iter().map(|(side, _)| side.clone()).collect();
        let mut roots: Vec<(RootEdge, Held)> = Vec::new();
        let mut instances: BTreeMap<InstanceKey, (Held, BTreeSet<_>)> = BTreeMap::new();
        let mut packages = BTreeMap::new();
        for (side, graph) in solutions {
            let mut taken = BTreeSet::new();
            for root in graph.roots {
                // A line is there once on each side; lines that say the same are told apart by their order.
                let same = |(place, known): &(usize, &(RootEdge, Held))| {
                    !taken.contains(place) && is_same_line(&known.0, &root)
                };
                let place = roots.iter().enumerate().find(same).map_or(roots.len(), |(place, _)| place);
                taken.insert(place);
                if place == roots.len() {
                    roots.push((RootEdge { to: Vec::new(), ..root.clone() }, Held::default()));
                }
                roots[place].1.add(&side, root.to);
            }
            for (key, instance) in graph.instances {
                let known = instances.entry(key).or_default();
                known.0.add(&side, instance.edges);
                known.1.extend(instance.dropped);
            }
            packages.extend(graph.packages);
        }
        let roots = roots.into_iter().map(|(root, held)| RootEdge { to: held.edges(), ..root }).collect();
        let instances = instances.into_iter().map(|(key, (held, dropped))| {
            let dropped = dropped.into_iter().collect();
            (key, super::Instance { edges: held.edges(), dropped })
        });
        Self { roots, packages, instances: instances.collect(), sides }
    }

    /// Tells whether an edge holds on a side of which there is no solution, as a merge can leave it.
    pub fn has_edges_of_no_side(&self) -> bool {
        let is_known = |side: &Side| self.sides.iter().any(|known| known == side);
        let lines = self.roots.iter().flat_map(|root| &root.to);
        let edges = lines.chain(self.instances.values().flat_map(|instance| &instance.edges));
        edges.flat_map(|edge| &edge.sides).any(|side| !is_known(side))
    }

    /// Returns the solution of one side: what its lines lead to.
    #[must_use]
    pub fn on(&self, side: &Side) -> Self {
        self.cut(side, |root| self.sides.counts(root.group.as_ref(), side))
    }

    /// Returns of a side's solution what the lines that count on every side lead to.
    #[must_use]
    pub fn shared_on(&self, side: &Side) -> Self {
        self.cut(side, |root| root.group.as_ref().is_none_or(|group| !self.sides.is_exclusive(group)))
    }

    fn cut(&self, side: &Side, counts: impl Fn(&RootEdge) -> bool) -> Self {
        let held = |edges: &[Edge]| {
            let on_side = edges.iter().filter(|edge| edge.is_on(Some(side)));
            on_side.map(|edge| Edge { sides: Vec::new(), ..edge.clone() }).collect::<Vec<_>>()
        };
        let roots = self.roots.iter().filter(|root| counts(root));
        let roots: Vec<_> = roots.map(|root| RootEdge { to: held(&root.to), ..root.clone() }).collect();
        let mut open: Vec<InstanceKey> = roots.iter().flat_map(|root| &root.to).map(|edge| edge.to.clone()).collect();
        let mut cut = Self { roots, ..Self::default() };
        while let Some(key) = open.pop() {
            let Some(instance) = self.instances.get(&key).filter(|_| !cut.instances.contains_key(&key)) else {
                continue;
            };
            let edges = held(&instance.edges);
            // An optional peer is bound to what is there for another reason.
            let followed = edges.iter().filter(|edge| edge.kind != EdgeKind::OptionalPeer);
            open.extend(followed.map(|edge| edge.to.clone()));
            if let Some(package) = self.packages.get(&key.package) {
                cut.packages.insert(key.package.clone(), package.clone());
            }
            cut.instances.insert(key, super::Instance { edges, dropped: instance.dropped.clone() });
        }
        cut
    }
}

/// Tells whether two lines of a manifest are one, whatever they got.
fn is_same_line(one: &RootEdge, other: &RootEdge) -> bool {
    (&one.dependent, &one.group, &one.requirement, one.optional)
        == (&other.dependent, &other.group, &other.requirement, other.optional)
}

/// The edges of one dependent on the sides on which it is there.
#[derive(Default)]
struct Held {
    sides: Vec<Side>,
    edges: BTreeMap<Edge, Vec<Side>>,
}

impl Held {
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
