//! What a check judges: a lock or a part of it, and what else is known about it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::lock::{Closure, Lockfile, Selection};
use crate::manifest::Registry;
use crate::model::{Edge, InstanceKey, Label, Package, PackageId, PackageKey};
use crate::resolve::{HeldBack, Mismatch, Warning};

/// A lock or a part of it. What is not known is empty, and the checks that are about it find nothing.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The lock.
    pub lock: &'a Lockfile,
    /// The parts that an environment reaches, one for each platform. `None` for the whole lock.
    pub reached: Option<&'a [Closure<'a>]>,
    /// The registries of the manifest.
    pub registries: &'a [Registry],
    /// What is said of the project's own folders: how names and modules were understood.
    pub local: &'a [String],
    /// The project's own folders whose `engines.node` does not admit the declared Node: what is said of each.
    pub misfits: Vec<String>,
    /// The lock that this one replaces: what that one had is no news.
    pub before: Option<&'a Lockfile>,
    /// What only the solve knew that made the lock.
    pub solve: Option<&'a Solve>,
    /// What of the lock is not what its registries say, where they were asked.
    pub mismatches: &'a [Mismatch],
}

/// What a solve knows of a lock beyond the lock itself.
#[derive(Clone, Debug, Default)]
pub struct Solve {
    /// What the solver was told by metadata that the lock does not keep.
    pub warnings: Vec<Warning>,
    /// The direct dependencies of which a default baseline keeps a newer version away.
    pub held_back: Vec<(PackageId, HeldBack)>,
}

impl<'a> Subject<'a> {
    /// Returns a whole lock as a subject.
    pub fn whole(lock: &'a Lockfile) -> Self {
        Self {
            lock,
            reached: None,
            registries: &[],
            local: &[],
            misfits: Vec::new(),
            before: None,
            solve: None,
            mismatches: &[],
        }
    }

    /// Returns the packages, each once.
    pub(super) fn packages(&self) -> BTreeMap<&'a PackageKey, &'a Package> {
        match self.reached {
            None => self.lock.graph.packages.iter().collect(),
            Some(reached) => reached.iter().flat_map(Closure::packages).collect(),
        }
    }

    /// Returns the packages that the replaced lock did not have.
    pub(super) fn new_packages(&self) -> BTreeMap<&'a PackageKey, &'a Package> {
        let mut packages = self.packages();
        packages.retain(|key, _| self.before.is_none_or(|before| !before.graph.packages.contains_key(*key)));
        packages
    }

    /// Returns the edges between packages, each with the instance that has it; one may be there several times.
    pub(super) fn edges(&self) -> Vec<(&'a InstanceKey, &'a Edge)> {
        match self.reached {
            None => {
                let instances = self.lock.graph.instances.iter();
                instances.flat_map(|(key, instance)| instance.edges.iter().map(move |edge| (key, edge))).collect()
            }
            Some(reached) => reached
                .iter()
                .flat_map(|closure| closure.instances.keys().map(move |key| (closure, *key)))
                .flat_map(|(closure, key)| closure.edges(key).map(move |edge| (key, edge)))
                .collect(),
        }
    }

    /// Returns what is reached on each platform; of a whole lock, by the lines of all groups that count together.
    pub(super) fn by_platform(&self) -> Cow<'_, [Closure<'a>]> {
        if let Some(reached) = self.reached {
            return Cow::Borrowed(reached);
        }
        let graph = &self.lock.graph;
        let all: BTreeSet<&Label> = graph.roots.iter().filter_map(|root| root.group.as_ref()).collect();
        let sides: Vec<_> = if graph.sides.is_empty() { vec![None] } else { graph.sides.iter().map(Some).collect() };
        let mut closures = Vec::new();
        for side in sides {
            let counts = |group: &&&Label| side.is_none_or(|side| graph.sides.counts(Some(group), side));
            let groups: BTreeSet<Label> = all.iter().filter(counts).map(|group| (*group).clone()).collect();
            for target in &self.lock.settings.platforms {
                let selection = Selection { groups: groups.clone(), platform: Some(target.platform) };
                closures.push(Closure::on_side(graph, &selection, side));
            }
        }
        Cow::Owned(closures)
    }
}
