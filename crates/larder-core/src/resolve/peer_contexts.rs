//! The limit on peer contexts. A package with peers is installed once for each way in which its dependents bind them. Peers of
//! packages that have peers multiply, so that a few cyclic packages can ask for more instances than any disk holds.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Dependent, PackageKey, PackageName};

use super::catalog::Catalog;
use super::index::IndexError;
use super::release::NeedOrigin;
use super::requirements::LineId;
use super::variable::{NodeIx, NodeOwner, PackageIx};

/// The most instances of one version.
pub(super) const WAYS: usize = 1000;
/// The most decisions in a run, apart from [`PER_PACKAGE`].
const DECISIONS: usize = 20_000;
/// The decisions that are added to the limit for each package and each line. A large tree makes one or two.
const PER_PACKAGE: usize = 20;
/// The most packages that the error names.
const NAMED: usize = 3;

/// Packages whose peers are bound in too many ways, and those peers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("peers are bound in too many ways: {}", self.told())]
pub struct TooManyPeerContexts {
    /// The manifest lines that lead to the first of the packages.
    pub lines: Vec<LineId>,
    /// The packages that there would be the most instances of, with how many were counted.
    pub packages: Vec<(PackageKey, usize)>,
    /// The peers of the first.
    pub peers: Vec<PackageName>,
}

impl TooManyPeerContexts {
    /// Names those that have the most ways.
    pub(super) fn new(catalog: &Catalog, nodes: impl Iterator<Item = NodeIx>) -> Result<Self, IndexError> {
        let mut ways: BTreeMap<(PackageIx, u32), BTreeSet<NodeIx>> = BTreeMap::new();
        for node in nodes {
            if let NodeOwner::Release(package, ordinal) = catalog.interned.node(node).owner {
                ways.entry((package, ordinal)).or_default().insert(node);
            }
        }
        let mut most = Vec::new();
        for ((package, ordinal), nodes) in ways {
            most.push((Reverse(nodes.len()), catalog.key(package, ordinal)?, (package, ordinal), nodes));
        }
        most.sort();
        let mut found = Self { lines: Vec::new(), packages: Vec::new(), peers: Vec::new() };
        for (Reverse(count), key, (package, ordinal), nodes) in most.into_iter().take(NAMED) {
            if found.packages.is_empty() {
                let needs = &catalog.prepared(package, ordinal)?.needs;
                found.peers = needs
                    .iter()
                    .filter(|need| need.is_peer() && need.origin == NeedOrigin::Declared)
                    .map(|need| catalog.interned.id(need.alias).name)
                    .collect();
                found.lines = lines(catalog, nodes);
            }
            found.packages.push((key, count));
        }
        Ok(found)
    }

    /// Returns what can be done about it.
    #[must_use]
    pub fn help(&self) -> String {
        let (peers, example) = match &self.peers[..] {
            [] => ("their peers".to_owned(), "…".to_owned()),
            [one] => (one.to_string(), one.to_string()),
            [one, rest @ ..] if rest.len() > 1 => (format!("{one} and {} other peers", rest.len()), one.to_string()),
            [one, other, ..] => (format!("{one} and {other}"), one.to_string()),
        };
        format!(
            "a package is there once for each way in which its dependents bind {peers}: make them agree, for example with \
             `override npm \"{example}\" \"…\"` under `resolution`, or do without one of them"
        )
    }

    fn told(&self) -> String {
        let told = |(key, count): &(PackageKey, usize)| format!("those of {} {} in {count}", key.id.name, key.version);
        self.packages.iter().map(told).collect::<Vec<_>>().join(", ")
    }
}

/// Returns whether so many decisions can come only from peers that multiply.
pub(super) fn are_too_many(decisions: usize, packages: usize, lines: usize) -> bool {
    decisions > DECISIONS + PER_PACKAGE * (packages + lines)
}

/// Returns the lines at which the scopes around nodes end.
fn lines(catalog: &Catalog, nodes: BTreeSet<NodeIx>) -> Vec<LineId> {
    let mut ends: BTreeSet<(Option<Dependent>, PackageIx)> = BTreeSet::new();
    for mut node in nodes {
        let mut inner = None;
        loop {
            let known = catalog.interned.node(node);
            match (known.owner, known.around) {
                (NodeOwner::Release(package, _), Some(around)) => {
                    inner = Some(package);
                    node = around;
                }
                (NodeOwner::Release(package, _), None) => {
                    ends.insert((None, package));
                    break;
                }
                (NodeOwner::Manifest(manifest), _) => {
                    ends.extend(inner.map(|package| (Some(catalog.manifests[manifest as usize].clone()), package)));
                    break;
                }
            }
        }
    }
    let leads = |line: &&super::release::PreparedLine| {
        let Some(need) = &line.need else { return false };
        let dependent = catalog.manifests[line.manifest as usize].clone();
        catalog
            .parts(need.package)
            .any(|(package, _)| ends.contains(&(Some(dependent.clone()), package)) || ends.contains(&(None, package)))
    };
    let lines: BTreeSet<LineId> = catalog.lines.iter().filter(leads).map(|line| line.id).collect();
    lines.into_iter().collect()
}
