//! The graph of assets: cycles, and orphans.

use crate::diagnostic::{Position, SourceFinding};
use crate::model::AssetKind;

use super::PackageIndex;
use super::set::AssetSet;

impl AssetSet<'_> {
    /// Returns what is wrong with the graph as a whole: cycles, and assets that nothing uses.
    pub(super) fn check_graph(&self) -> Vec<SourceFinding> {
        let mut found = Vec::new();
        for cycle in cycles(self.assets().len(), |at| self.targets(at).collect()) {
            // The first in the order of declaration that is checked tells it.
            let Some(first) = cycle.iter().copied().filter(|at| self.owner(*at).is_own).min() else { continue };
            let start = cycle.iter().position(|at| *at == first).unwrap_or(0);
            let round = cycle[start..].iter().chain(&cycle[..start]).chain([&first]);
            let names: Vec<String> = round.map(|at| self.asset(*at).id.to_string()).collect();
            let (file, position) = self.declared_at(first);
            let message = format!("assets refer to each other in a circle: {}", names.join(" → "));
            found.push(
                SourceFinding::error("asset.cycle", file, position, message)
                    .with_help("take one of these references away"),
            );
        }
        for cycle in cycles(self.packages().len(), |at: PackageIndex| {
            self.packages()[at].dependencies.values().copied().collect()
        }) {
            let Some(first) = cycle.iter().copied().filter(|at| self.packages()[*at].is_own).min() else { continue };
            let start = cycle.iter().position(|at| *at == first).unwrap_or(0);
            let round = cycle[start..].iter().chain(&cycle[..start]).chain([&first]);
            let names: Vec<&str> = round.map(|at| self.packages()[*at].name.as_str()).collect();
            let position = Position { line: 1, column: 1 };
            let message = format!("packages depend on each other in a circle: {}", names.join(" → "));
            found.push(
                SourceFinding::error("package.cycle", &self.packages()[first].manifest, position, message)
                    .with_help("take one of these dependencies away"),
            );
        }
        let references = self.references();
        let is_used = |at: usize| !references.users()[at].is_empty();
        for at in self.own().filter(|at| self.asset(*at).id.kind != AssetKind::Flow && !is_used(*at)) {
            let (file, position) = self.declared_at(at);
            let message = format!("nothing here uses {} `{}`", self.asset(at).id.kind, self.asset(at).id.name);
            found.push(SourceFinding::note("asset.orphan", file, position, message));
        }
        found
    }
}

/// Returns one circle of each set of nodes that lead to each other, in the order of its steps.
fn cycles(count: usize, targets: impl Fn(usize) -> Vec<usize>) -> Vec<Vec<usize>> {
    // What nothing in a circle leads to is taken away until only circles, and what lies between them, are left.
    let edges: Vec<Vec<usize>> = (0..count).map(targets).collect();
    let mut left: Vec<bool> = vec![true; count];
    let mut found = Vec::new();
    loop {
        let mut leading: Vec<usize> = (0..count).map(|at| edges[at].iter().filter(|to| left[**to]).count()).collect();
        let mut sources: Vec<Vec<usize>> = vec![Vec::new(); count];
        for (at, to) in edges.iter().enumerate().flat_map(|(at, all)| all.iter().map(move |to| (at, *to))) {
            sources[to].push(at);
        }
        let mut pending: Vec<usize> = (0..count).filter(|at| left[*at] && leading[*at] == 0).collect();
        while let Some(at) = pending.pop() {
            left[at] = false;
            for source in &sources[at] {
                leading[*source] = leading[*source].saturating_sub(1);
                if left[*source] && leading[*source] == 0 {
                    pending.push(*source);
                }
            }
        }
        // Every node that is left leads to another one that is: a walk comes back to where it was.
        let Some(mut at) = (0..count).find(|at| left[*at]) else { return found };
        let mut path: Vec<usize> = Vec::new();
        loop {
            if let Some(start) = path.iter().position(|one| *one == at) {
                let cycle = path.split_off(start);
                for one in &cycle {
                    left[*one] = false;
                }
                found.push(cycle);
                break;
            }
            path.push(at);
            let Some(next) = edges[at].iter().copied().find(|to| left[*to]) else { break };
            at = next;
        }
        if found.len() >= 100 {
            return found;
        }
    }
}

#[cfg(test)]
mod tests;
