//! The health of each package of an environment: one that is damaged harms all that depend on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::lock::Lockfile;
use crate::model::{Label, PackageKey, TreeDigest};
use crate::profile::{self, Generation};
use crate::store::{Store, Tree};

use crate::ops::Result;

/// The health of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackageHealth {
    /// `npm:left@1.0.0`
    package: String,
    healthy: bool,
    #[serde(rename = "lastCheck")]
    last_check: String,
    /// What is wrong with its own files, or which package that it needs is damaged.
    errors: Vec<String>,
    metrics: Metrics,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Metrics {
    /// How many packages it needs directly.
    dependencies: usize,
    /// How many packages need it directly.
    dependents: usize,
}

impl PackageHealth {
    /// Returns the package with its version.
    pub(super) fn key(&self) -> &str {
        &self.package
    }

    /// Adds what is wrong with the same package in another environment.
    pub(super) fn join(&mut self, other: &Self) {
        self.healthy &= other.healthy;
        let new: Vec<String> = other.errors.iter().filter(|error| !self.errors.contains(error)).cloned().collect();
        self.errors.extend(new);
    }

    /// Returns what is wrong, if anything is.
    pub fn fault(&self) -> Option<String> {
        (!self.healthy).then(|| format!("{} is not healthy: {}", self.package, self.errors.join("; ")))
    }
}

/// Compares a generation with what was installed, and returns the health of each of its packages.
pub(super) fn of_generation(
    profile: &profile::Profiles,
    (environment, generation): (&Label, &Generation),
    lockfile: &Lockfile,
    store: &Store,
    now: &str,
) -> Result<Vec<PackageHealth>> {
    let mut trees: BTreeMap<_, Arc<Tree>> = BTreeMap::new();
    for digest in generation.trees() {
        // What the store lost, the profile may still have.
        if let Ok(Some(tree)) = store.tree_by_digest(&digest) {
            trees.insert(digest, Arc::new(tree));
        }
    }
    let checked = profile.verify_generation(environment, generation.number, |digest| trees.get(digest).cloned())?;
    let mut damaged: BTreeMap<TreeDigest, Vec<String>> = BTreeMap::new();
    for damage in &checked.damage {
        if let Some(tree) = damage.tree {
            damaged.entry(tree).or_default().push(damage.to_string());
        }
    }
    let mut errors: BTreeMap<PackageKey, Vec<String>> = BTreeMap::new();
    for member in &generation.closure {
        let Some(key) = member.key() else { continue };
        let errors = errors.entry(key).or_default();
        for tree in generation.trees_of(member) {
            let new = damaged.get(&tree).into_iter().flatten().filter(|error| !errors.contains(error));
            errors.extend(new.cloned().collect::<Vec<_>>());
        }
    }
    let keys: Vec<&PackageKey> = lockfile.graph.packages.keys().filter(|key| errors.contains_key(key)).collect();
    Ok(of_packages(&keys, lockfile, &errors, now))
}

/// `errors` has what is wrong with the files of each package.
fn of_packages(
    keys: &[&PackageKey],
    lockfile: &Lockfile,
    errors: &BTreeMap<PackageKey, Vec<String>>,
    now: &str,
) -> Vec<PackageHealth> {
    let mut needs: BTreeMap<&PackageKey, BTreeSet<&PackageKey>> = BTreeMap::new();
    let mut needed_by: BTreeMap<&PackageKey, BTreeSet<&PackageKey>> = BTreeMap::new();
    for (instance, edges) in &lockfile.graph.instances {
        for edge in &edges.edges {
            needs.entry(&instance.package).or_default().insert(&edge.to.package);
            needed_by.entry(&edge.to.package).or_default().insert(&instance.package);
        }
    }
    let own = |key: &PackageKey| errors.get(key).cloned().unwrap_or_default();
    // Each package that is harmed, with the damaged packages that harm it.
    let mut harmed: BTreeMap<&PackageKey, BTreeSet<&PackageKey>> = BTreeMap::new();
    for source in keys.iter().copied().filter(|key| !own(key).is_empty()) {
        let mut open = vec![source];
        let mut seen = BTreeSet::from([source]);
        while let Some(key) = open.pop() {
            for dependent in needed_by.get(key).into_iter().flatten().copied() {
                if seen.insert(dependent) {
                    harmed.entry(dependent).or_default().insert(source);
                    open.push(dependent);
                }
            }
        }
    }
    let health = keys.iter().map(|key| {
        let mut errors = own(key);
        errors.extend(
            harmed.get(*key).into_iter().flatten().map(|source| format!("it needs {source}, which is damaged")),
        );
        PackageHealth {
            package: key.to_string(),
            healthy: errors.is_empty(),
            last_check: now.to_owned(),
            errors,
            metrics: Metrics {
                dependencies: needs.get(*key).map_or(0, BTreeSet::len),
                dependents: needed_by.get(*key).map_or(0, BTreeSet::len),
            },
        }
    });
    health.collect()
}
