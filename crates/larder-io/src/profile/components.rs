//! Strongly connected components: Tarjan's algorithm, without recursion, as dependency chains can be deep.

/// Returns the components of a graph, each after those that it has edges to.
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Tarjan {
        edges,
        order: vec![UNSEEN; edges.len()],
        low: vec![0; edges.len()],
        open: vec![false; edges.len()],
        path: Vec::new(),
        next: 0,
        found: Vec::new(),
    };
    for start in 0..edges.len() {
        if search.order[start] == UNSEEN {
            search.walk_from(start);
        }
    }
    search.found
}

const UNSEEN: usize = usize::MAX;

struct Tarjan<'a> {
    edges: &'a [Vec<usize>],
    /// When each node was first seen.
    order: Vec<usize>,
    /// The earliest open node that each node reaches.
    low: Vec<usize>,
    /// Whether the node is on `path`, in no component yet.
    open: Vec<bool>,
    path: Vec<usize>,
    next: usize,
    found: Vec<Vec<usize>>,
}

impl Tarjan<'_> {
    fn walk_from(&mut self, start: usize) {
        // (node, how many of its edges were followed): the call stack that recursion would have.
        let mut stack = vec![(start, 0)];
        self.enter(start);
        while let Some((node, followed)) = stack.last_mut() {
            let node = *node;
            if let Some(&to) = self.edges[node].get(*followed) {
                *followed += 1;
                if self.order[to] == UNSEEN {
                    self.enter(to);
                    stack.push((to, 0));
                } else if self.open[to] {
                    self.low[node] = self.low[node].min(self.order[to]);
                }
                continue;
            }
            stack.pop();
            if let Some(&(parent, _)) = stack.last() {
                self.low[parent] = self.low[parent].min(self.low[node]);
            }
            if self.low[node] == self.order[node] {
                self.close(node);
            }
        }
    }

    fn enter(&mut self, node: usize) {
        self.order[node] = self.next;
        self.low[node] = self.next;
        self.next += 1;
        self.open[node] = true;
        self.path.push(node);
    }

    fn close(&mut self, root: usize) {
        let mut component = Vec::new();
        while let Some(node) = self.path.pop() {
            self.open[node] = false;
            component.push(node);
            if node == root {
                break;
            }
        }
        self.found.push(component);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_come_after_what_they_depend_on() {
        // 0 → 1 ⇄ 2 → 3, 4 alone.
        let edges = vec![vec![1], vec![2], vec![1, 3], vec![], vec![]];
        let mut found = components(&edges);
        for component in &mut found {
            component.sort_unstable();
        }
        assert_eq!(found, vec![vec![3], vec![1, 2], vec![0], vec![4]]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_does_not_overflow() {
        let edges: Vec<_> = (0..100_000).map(|i| if i + 1 < 100_000 { vec![i + 1] } else { vec![] }).collect();
        assert_eq!(components(&edges).len(), 100_000);
    }
}
