//! Manifest lines and what the lock has for them.

use std::collections::BTreeMap;

use crate::model::{Dependent, Graph, Label, LineKey, Requirement, RootEdge};
use crate::resolve::RequiredLine;

use super::StaleReason;
use super::comparison::{LockComparison, requirement_text};

impl LockComparison<'_> {
    /// Compares lines, each with its place among the declared ones, with what a solution has for them.
    pub(super) fn lines(&self, graph: &Graph, lines: &[(usize, &RequiredLine)], reasons: &mut Vec<StaleReason>) {
        let mut roots: BTreeMap<LineKey<'_>, Vec<&RootEdge>> = BTreeMap::new();
        for root in &graph.roots {
            roots.entry(root.line_key()).or_default().push(root);
        }
        // Lines as they were come first, so that of several lines for one package each finds its own.
        let same = |line: &RequiredLine, root: &RootEdge| root.requirement == line.requirement;
        let mut open = Vec::new();
        for &(number, line) in lines {
            let candidates = roots.entry(line.key()).or_default();
            match candidates.iter().position(|root| same(line, root) && self.satisfied(line, root)) {
                Some(found) => drop(candidates.swap_remove(found)),
                None => open.push((number, line)),
            }
        }
        for (number, line) in open {
            let candidates = roots.entry(line.key()).or_default();
            if let Some(found) = candidates.iter().position(|root| self.satisfied(line, root)) {
                candidates.swap_remove(found);
                continue;
            }
            let what = describe(&line.requirement, &line.dependent, line.group.as_ref());
            reasons.push(match candidates.pop() {
                None => StaleReason::Added { line: number, what },
                Some(root) => StaleReason::Unsatisfied {
                    line: number,
                    what,
                    locked: root.to.iter().map(|edge| edge.to.package.clone()).collect(),
                },
            });
        }
        reasons.extend(roots.into_values().flatten().map(|root| StaleReason::Removed {
            what: describe(&root.requirement, &root.dependent, root.group.as_ref()),
        }));
    }

    fn satisfied(&self, line: &RequiredLine, root: &RootEdge) -> bool {
        let unchanged = line.requirement == root.requirement;
        if root.to.is_empty() && self.is_removed(None, &line.requirement) {
            return true;
        }
        let marker = line.requirement.marker().cloned().unwrap_or_default().and(line.when.clone());
        let dropped = root.to.is_empty() && root.optional && unchanged;
        line.optional == root.optional
            && line.requirement.has_same_target(&root.requirement)
            && (dropped
                || self.is_overridden(None, &line.requirement)
                || self.holds_where(&marker, line.optional, &root.to))
            && root.to.iter().all(|edge| {
                self.admits(None, &line.requirement, edge) && (line.requirement.tag().is_none() || unchanged)
            })
    }
}

/// Writes a line as reasons tell it: npm react ^18.3 of group `test`.
fn describe(requirement: &Requirement, dependent: &Dependent, group: Option<&Label>) -> String {
    let mut text = requirement_text(requirement);
    if let Some(group) = group {
        text.push_str(" of group `");
        text.push_str(group.as_str());
        text.push('`');
    }
    if let Dependent::Member(folder) = dependent {
        text.push_str(" in `");
        text.push_str(folder);
        text.push('`');
    }
    text
}
