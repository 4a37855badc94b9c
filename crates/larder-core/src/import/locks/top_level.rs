//! Which version of a package Yarn puts into the `node_modules` of a lockfile's own folder. Its lockfile does not tell: the rule is that
//! of Yarn 1, which later versions come near to.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::PackageKey;

use super::versions::LockedVersions;

/// What a manifest or a package asks for, and what the lockfile gives it.
#[derive(Clone, Debug)]
pub(super) struct LockedDependency<'l> {
    /// `left@^1.0.0`. Yarn goes through them in this order.
    pub(super) descriptor: String,
    /// The name that it has in its dependent's folder.
    pub(super) alias: &'l str,
    pub(super) key: PackageKey,
}

impl<'l> LockedDependency<'l> {
    /// Looks up what a name and a range got.
    pub(super) fn find<'k>(
        (alias, range): (&'l str, &str),
        look_up: impl Fn(&str, &str) -> Option<&'k PackageKey>,
    ) -> Option<Self> {
        let key = look_up(alias, range)?.clone();
        Some(Self { descriptor: format!("{alias}@{range}"), alias, key })
    }
}

/// Everything that a lockfile of Yarn's and the manifests beside it say of who depends on what.
#[derive(Debug, Default)]
pub(super) struct DependencyTree<'l> {
    /// Of the manifest beside the lockfile.
    pub(super) root: Vec<LockedDependency<'l>>,
    /// Of the members of its workspace.
    pub(super) members: Vec<Vec<LockedDependency<'l>>>,
    pub(super) packages: BTreeMap<PackageKey, Vec<LockedDependency<'l>>>,
}

impl DependencyTree<'_> {
    /// Notes the version of each package that lies on top: that of the root's own line; else the one with the most dependents, the lower
    /// one, by its text, of two that have as many; else the one that is come to first, level by level.
    pub(super) fn note_top_level(&self, found: &mut LockedVersions) {
        let mut top: BTreeMap<&str, &PackageKey> = self.root.iter().map(|line| (line.alias, &line.key)).collect();
        let first = self.first_found();
        for (alias, dependents) in self.dependents() {
            let most = dependents.values().copied().max().unwrap_or_default();
            let chosen = if most > 1 {
                let candidates = dependents.iter().filter(|(_, count)| **count == most).map(|(key, _)| *key);
                candidates.min_by_key(|key| key.version.to_string())
            } else {
                first.get(alias).copied()
            };
            if let Some(key) = chosen {
                top.entry(alias).or_insert(key);
            }
        }
        for (alias, key) in top {
            found.add_on_top(alias, key);
        }
    }

    /// Returns how many members and packages have each package under a name.
    fn dependents(&self) -> BTreeMap<&str, BTreeMap<&PackageKey, usize>> {
        let mut counts: BTreeMap<&str, BTreeMap<&PackageKey, usize>> = BTreeMap::new();
        for dependency in self.members.iter().chain(self.packages.values()).flatten() {
            *counts.entry(dependency.alias).or_default().entry(&dependency.key).or_default() += 1;
        }
        counts
    }

    /// Returns the package that is come to first under each name.
    fn first_found(&self) -> BTreeMap<&str, &PackageKey> {
        let mut first = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut level: Vec<&LockedDependency<'_>> = self.root.iter().collect();
        let mut of_members: Vec<_> = self.members.iter().flatten().collect();
        while !level.is_empty() || !of_members.is_empty() {
            level.sort_by(|a, b| a.descriptor.cmp(&b.descriptor));
            let mut below = std::mem::take(&mut of_members);
            for dependency in level {
                first.entry(dependency.alias).or_insert(&dependency.key);
                if seen.insert(&dependency.key) {
                    below.extend(self.packages.get(&dependency.key).into_iter().flatten());
                }
            }
            level = below;
        }
        first
    }
}
