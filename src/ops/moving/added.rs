//! Dependencies that packages have in a lockfile and do not declare: pnpm and Yarn 2 and later add some from a list of their own, and hooks
//! of a project add others. They become `extend` lines.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::Imported;
use crate::import::locks::LockedVersions;
use crate::lock::Lockfile;
use crate::manifest::edit;
use crate::model::{PackageKey, PackageName};
use crate::ops::Result;
use crate::ops::session::MANIFEST;
use crate::resolve::Index;

/// What packages of a solution have in a lockfile beyond what they declare.
#[derive(Debug, Default)]
pub(in crate::ops) struct AddedDependencies(Imported);

impl AddedDependencies {
    /// Finds what the packages of a solution lack of what they had. `index` tells what they declare.
    pub(in crate::ops) fn find(before: &LockedVersions, lockfile: &Lockfile, index: &dyn Index) -> Self {
        let mut has: BTreeMap<&PackageKey, BTreeSet<&PackageName>> = BTreeMap::new();
        for (key, instance) in &lockfile.graph.instances {
            has.entry(&key.package).or_default().extend(instance.edges.iter().map(|edge| &edge.name));
        }
        let is_there = |name: &PackageName| lockfile.graph.packages.keys().any(|key| key.id.name == *name);
        let mut added: BTreeMap<(&PackageName, &PackageName), BTreeSet<PackageKey>> = BTreeMap::new();
        for (from, name) in before.npm_edges() {
            let is_lost = has.get(from).is_some_and(|names| !names.contains(name));
            // A peer that is there is provided to those who look for it.
            let is_provided = || before.is_peer(from, name) && is_there(name);
            if is_lost && !is_provided() && !declares(index, from, name) {
                added.entry((&from.id.name, name)).or_default().extend(before.targets(from, name));
            }
        }
        let mut extended = Imported::default();
        for ((package, name), targets) in added {
            extended.take_added_dependency(package, name, &targets);
        }
        Self(extended)
    }

    pub(in crate::ops) fn is_empty(&self) -> bool {
        self.0.extensions.is_empty()
    }

    /// Returns the text of the root's manifest with their lines.
    pub(in crate::ops) fn added_to(&self, text: &str) -> Result<String> {
        let mut text = text.to_owned();
        for part in self.0.parts() {
            text = edit::add_line(MANIFEST, &text, &part.block, &part.line)?;
        }
        Ok(text)
    }

    /// Returns the names of the packages, each with what it has: `npm:got (@types/keyv, @types/responselike)`.
    pub(in crate::ops) fn names(&self) -> Vec<String> {
        let mut by_package: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for one in &self.0.extensions {
            by_package.entry(format!("{}:{}", one.ecosystem, one.package)).or_default().push(&one.name);
        }
        by_package.into_iter().map(|(package, names)| format!("{package} ({})", names.join(", "))).collect()
    }
}

/// Returns whether a version declares what it has under a name, or brings it in its own archive. One that cannot be asked does.
fn declares(index: &dyn Index, from: &PackageKey, name: &PackageName) -> bool {
    let Ok(known) = index.versions(&from.id) else { return true };
    let place = known.candidates.iter().position(|candidate| candidate.version == from.version);
    let Some(Ok(release)) = place.and_then(|place| Some(index.release(&from.id, u32::try_from(place).ok()?))) else {
        return true;
    };
    release.bundled.contains(name) || release.dependencies.iter().any(|one| one.wants.seen_as() == name)
}
