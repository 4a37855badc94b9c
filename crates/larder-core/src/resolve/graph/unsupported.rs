//! npm packages that are needed on a platform which their own `os`, `cpu` or `libc` rule out.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::GraphBuilder;
use crate::model::{EdgeKind, PackageId};
use crate::resolve::catalog::UnsupportedNeed;
use crate::resolve::index::{IndexError, PlatformSet};
use crate::resolve::instances::DraftEdge;
use crate::resolve::variable::{NodeIx, NodeOwner, PackageIx, Variable};

/// An edge that is not optional, from a node, and where it holds.
type Needed<'a> = (NodeIx, &'a DraftEdge, PlatformSet);

impl GraphBuilder<'_> {
    /// Returns what is needed where it does not run.
    pub(super) fn unsupported(&self, lines: &[Vec<DraftEdge>]) -> Result<Vec<UnsupportedNeed>, IndexError> {
        let present = self.presence(lines);
        let mut found = Vec::new();
        for (from, link, on) in self.needed(lines, &present) {
            let node = self.problem.catalog.interned.node(link.to);
            let (NodeOwner::Release(package, _), Some(prepared)) = (node.owner, self.problem.prepared(node)?) else {
                continue;
            };
            let mut unsupported = PlatformSet::NONE;
            for &platform in self.problem.catalog.platforms.iter().filter(|platform| on.contains(**platform)) {
                if !prepared.release.facts.admit(platform) {
                    unsupported.insert(platform);
                }
            }
            if unsupported != PlatformSet::NONE {
                let ecosystem = self.problem.catalog.interned.id(package).ecosystem;
                let alias = self.problem.catalog.interned.package(PackageId::new(ecosystem, link.name.clone()));
                let dependent = self.holder(from, link, alias)?;
                found.extend(dependent.map(|dependent| UnsupportedNeed { dependent, alias, on: unsupported }));
            }
        }
        Ok(found)
    }

    /// Notes the platforms on which a node does not run because of what it requires, so that what may be missing is left
    /// out there. Tells whether anything that may be missing is among them.
    pub(super) fn mark_unrunnable(&mut self) -> Result<bool, IndexError> {
        let platforms = &self.problem.catalog.platforms;
        let mut required_by: FxHashMap<NodeIx, Vec<(NodeIx, PlatformSet)>> = FxHashMap::default();
        let mut open = Vec::new();
        for draft in &self.drafts {
            for link in draft.links.iter().filter(|link| link.kind == EdgeKind::Normal) {
                required_by.entry(link.to).or_default().push((draft.node, listed(link)));
            }
            let Some(prepared) = self.problem.prepared(self.problem.catalog.interned.node(draft.node))? else {
                continue;
            };
            let closed = platforms.iter().filter(|platform| !prepared.release.facts.admit(**platform));
            let closed = closed.fold(PlatformSet::NONE, |all, &platform| all.union(platform.into()));
            open.push((draft.node, closed));
        }
        while let Some((node, on)) = open.pop() {
            let known = self.unrunnable.entry(node).or_default();
            let new = on.without(*known);
            if new != PlatformSet::NONE {
                *known = known.union(new);
                let above = required_by.get(&node).into_iter().flatten();
                open.extend(above.map(|(dependent, holds)| (*dependent, new.intersection(*holds))));
            }
        }
        self.unrunnable.retain(|_, on| *on != PlatformSet::NONE);
        Ok(!self.unrunnable.is_empty())
    }

    /// Returns the edges that are not optional, each with the declared platforms on which it holds and its dependent is
    /// there.
    fn needed<'l>(&'l self, lines: &'l [Vec<DraftEdge>], present: &'l [PlatformSet]) -> Vec<Needed<'l>> {
        let catalog = self.problem.catalog;
        let by_lines = catalog.lines.iter().zip(lines).flat_map(|(line, links)| {
            let node = catalog.manifest_node(line.manifest);
            links.iter().map(move |link| (node, link, PlatformSet::ALL))
        });
        let by_packages = self
            .drafts
            .iter()
            .zip(present)
            .flat_map(|(draft, on)| draft.links.iter().map(|link| (draft.node, link, *on)));
        by_lines
            .chain(by_packages)
            .filter(|(_, link, _)| matches!(link.kind, EdgeKind::Normal | EdgeKind::Peer))
            .map(|(from, link, on)| (from, link, on.intersection(listed(link))))
            .collect()
    }

    /// Returns the platforms on which each draft is reached.
    fn presence(&self, lines: &[Vec<DraftEdge>]) -> Vec<PlatformSet> {
        let mut present = vec![PlatformSet::NONE; self.drafts.len()];
        let mut open: VecDeque<(NodeIx, PlatformSet)> =
            lines.iter().flatten().map(|link| (link.to, listed(link))).collect();
        while let Some((to, on)) = open.pop_front() {
            let Some(&place) = self.places.get(&to) else { continue };
            let new = on.without(present[place]);
            if new == PlatformSet::NONE {
                continue;
            }
            present[place] = present[place].union(new);
            let followed = self.drafts[place].links.iter().filter(|link| link.kind != EdgeKind::OptionalPeer);
            open.extend(followed.map(|link| (link.to, new.intersection(listed(link)))));
        }
        present
    }

    /// Returns in whose `node_modules` the target of an edge is: a peer's is an ancestor's.
    fn holder(&self, from: NodeIx, link: &DraftEdge, alias: PackageIx) -> Result<Option<NodeOwner>, IndexError> {
        let node = self.problem.catalog.interned.node(from);
        if link.kind == EdgeKind::Normal {
            return Ok(Some(node.owner));
        }
        let (Some(around), Some(prepared)) = (node.around, self.problem.prepared(node)?) else { return Ok(None) };
        let Some(need) = prepared.needs.iter().find(|need| need.alias == alias && need.is_peer()) else {
            return Ok(None);
        };
        Ok(match self.problem.peer_variable(need, self.problem.peer_binding(need, around)?) {
            Some(Variable::Nested { scope, .. }) => Some(self.problem.catalog.interned.node(scope).owner),
            _ => None,
        })
    }
}

/// Returns the platforms on which an edge holds.
fn listed(link: &DraftEdge) -> PlatformSet {
    if link.platforms.is_empty() {
        return PlatformSet::ALL;
    }
    link.platforms.iter().fold(PlatformSet::NONE, |all, &platform| all.union(platform.into()))
}
