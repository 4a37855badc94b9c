//! Dependencies that packages have in a lockfile and do not declare: pnpm and Yarn 2 and later add some from a list of their own, and hooks
//! of a project add others. They become `extend` lines. What hooks change or take away is an override below the package.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::import::Imported;
use crate::import::locks::LockedVersions;
use crate::lock::Lockfile;
use crate::manifest::edit;
use crate::model::{Ecosystem, PackageId, PackageKey, PackageName};
use crate::ops::Result;
use crate::ops::session::MANIFEST;
use crate::resolve::{Dependency, DependencyKind, Index, Release, Wants};

/// What packages of a solution have in a lockfile beyond what they declare.
#[derive(Debug, Default)]
pub(in crate::ops) struct AddedDependencies {
    extensions: Imported,
    /// What no `extend` line can say: that only some versions of a package have it, that it is optional, or an archive.
    unsaid: BTreeMap<String, Vec<String>>,
}

impl AddedDependencies {
    /// Finds what the packages of a solution lack of what they had. `index` tells what they declare.
    pub(in crate::ops) fn find(before: &LockedVersions, lockfile: &Lockfile, index: &dyn Index) -> Self {
        let mut has: BTreeMap<&PackageKey, BTreeSet<&PackageName>> = BTreeMap::new();
        for (key, instance) in &lockfile.graph.instances {
            has.entry(&key.package).or_default().extend(instance.edges.iter().map(|edge| &edge.name));
        }
        let is_there = |name: &PackageName| lockfile.graph.packages.keys().any(|key| key.id.name == *name);
        let mut lost: BTreeMap<(&PackageId, &PackageName), BTreeSet<&PackageKey>> = BTreeMap::new();
        for (from, name) in before.npm_edges() {
            let is_lost = has.get(from).is_some_and(|names| !names.contains(name));
            // A peer that is there is provided to those who look for it. An optional one that nobody provided was bound all the same.
            let is_bound = || before.is_bound_peer(from, name) && is_there(name) && is_optional_peer(index, from, name);
            let is_provided = || before.is_peer(from, name) && is_there(name);
            // A hook may have made a dependency of a peer.
            let is_hooked = || before.has_hooks() && !before.is_peer(from, name) && declares_peer(index, from, name);
            if has.contains_key(from) && is_hooked()
                || is_lost && (is_bound() || !is_provided() && !declares(index, from, name))
            {
                lost.entry((&from.id, name)).or_default().insert(from);
            }
        }
        let mut found = Self::default();
        if before.has_hooks() {
            found.take_changed(before, lockfile, index);
        }
        for ((package, name), versions) in lost {
            let is_required =
                versions.iter().any(|from| !before.is_optional_edge(from, name) || before.is_bound_peer(from, name));
            // A line is for every version, and takes the place of a peer.
            let may_have = |key: &PackageKey| {
                let has = has.get(key).is_some_and(|names| names.contains(name));
                versions.contains(key) || has && !declares_peer(index, key, name)
            };
            // Nor may what a registry has take the place of an archive of the project's own.
            let is_archive = versions.iter().any(|from| before.targets(from, name).any(|key| before.is_archive(&key)));
            if is_required
                && !is_archive
                && lockfile.graph.packages.keys().filter(|key| key.id == *package).all(may_have)
            {
                let targets = versions.iter().flat_map(|from| before.targets(from, name)).collect();
                found.extensions.take_added_dependency(&package.name, name, &targets);
            } else {
                let versions = versions.iter().map(ToString::to_string);
                versions.for_each(|version| found.unsaid.entry(version).or_default().push(name.to_string()));
            }
        }
        found
    }

    /// Takes what hooks of the project made of the dependencies that packages declare: other versions, or nothing. They become overrides
    /// below these packages.
    fn take_changed(&mut self, before: &LockedVersions, lockfile: &Lockfile, index: &dyn Index) {
        let mut changed: BTreeMap<(&PackageId, &PackageName), BTreeMap<&PackageKey, Option<PackageKey>>> =
            BTreeMap::new();
        let mut unchanged: BTreeSet<(&PackageId, &PackageName)> = BTreeSet::new();
        for (key, instance) in &lockfile.graph.instances {
            let from = &key.package;
            if !before.packages().get(&from.id).is_some_and(|had| had.contains(&from.version)) {
                continue;
            }
            let Some(release) = release(index, from) else { continue };
            for edge in &instance.edges {
                let declared = release
                    .dependencies
                    .iter()
                    .find(|one| one.kind == DependencyKind::Normal && one.wants.seen_as() == &edge.name);
                let Some(Wants::Requirement(wanted)) = declared.map(|one| &one.wants) else { continue };
                let overrides = &lockfile.settings.overrides;
                if !from.id.ecosystem.has_scopes() || overrides.iter().any(|one| one.package == wanted.package()) {
                    continue;
                }
                let mut had = before.targets(from, &edge.name);
                let is_admitted = |had: &PackageKey| had.id == wanted.package() && wanted.matches(&had.version);
                let other = match had.find(|had| !is_admitted(had)) {
                    Some(other) => Some(other),
                    // A hook put a folder of the project in the place of a registry's package: no line says that.
                    None if before.has_foreign_edge(from, &edge.name) && !edge.to.package.id.ecosystem.is_local() => {
                        self.unsaid.entry(from.to_string()).or_default().push(format!("{} by a link", edge.name));
                        continue;
                    }
                    None if before.has_edge(from, &edge.name) => {
                        unchanged.insert((&from.id, &edge.name));
                        continue;
                    }
                    None => None,
                };
                changed.entry((&from.id, &edge.name)).or_default().insert(from, other);
            }
        }
        for ((package, name), versions) in changed {
            let targets: BTreeSet<_> = versions.values().collect();
            if targets.len() == 1 && !unchanged.contains(&(package, name)) {
                let range = targets.into_iter().flatten().next().map(|target| match &target.id.name {
                    own if own == name => target.version.to_string(),
                    other => format!("npm:{other}@{}", target.version),
                });
                self.extensions.overrides.push((package.ecosystem, format!("{}>{name}", package.name), range));
            } else {
                let versions = versions.keys().map(ToString::to_string);
                versions.for_each(|version| self.unsaid.entry(version).or_default().push(name.to_string()));
            }
        }
    }

    /// Takes the lines apart by the packages that get them.
    pub(in crate::ops) fn by_package(&self) -> Vec<Self> {
        let mut by_package: BTreeMap<(Ecosystem, &str), Self> = BTreeMap::new();
        for one in &self.extensions.extensions {
            by_package.entry((one.ecosystem, &one.package)).or_default().extensions.extensions.push(one.clone());
        }
        for one in &self.extensions.overrides {
            let parent = one.1.split_once('>').map_or("", |(parent, _)| parent);
            by_package.entry((one.0, parent)).or_default().extensions.overrides.push(one.clone());
        }
        by_package.into_values().collect()
    }

    /// Returns the text of the root's manifest with their lines.
    pub(in crate::ops) fn added_to(&self, text: &str) -> Result<String> {
        let mut text = text.to_owned();
        for part in self.extensions.parts() {
            text = edit::add_line(MANIFEST, &text, &part.block, &part.line)?;
        }
        Ok(text)
    }

    /// Returns the name of the package, with what it has: `npm:got (@types/keyv, @types/responselike)`.
    pub(in crate::ops) fn name(&self) -> String {
        let added = self.extensions.extensions.iter().map(|one| (one.ecosystem, &*one.package, one.name.clone()));
        let changed = self.extensions.overrides.iter().filter_map(|(ecosystem, selector, range)| {
            let (parent, name) = selector.split_once('>')?;
            let name = range.as_ref().map_or_else(|| format!("without {name}"), |range| format!("{name} {range}"));
            Some((*ecosystem, parent, name))
        });
        let all: Vec<_> = added.chain(changed).collect();
        let names: Vec<&str> = all.iter().map(|(.., name)| name.as_str()).collect();
        let package = all.first().map(|(ecosystem, package, _)| format!("{ecosystem}:{package}"));
        format!("{} ({})", package.unwrap_or_default(), names.join(", "))
    }

    /// Returns the versions whose additions no `extend` line can say, each with these: `npm:got@9.6.0 (@types/keyv)`.
    pub(in crate::ops) fn unsaid(&self) -> Vec<String> {
        self.unsaid.iter().map(|(version, names)| format!("{version} ({})", names.join(", "))).collect()
    }
}

/// Returns whether a version declares what it has under a name, or brings it in its own archive. One that cannot be asked does.
fn declares(index: &dyn Index, from: &PackageKey, name: &PackageName) -> bool {
    release(index, from).is_none_or(|release| {
        release.bundled.contains(name) || release.dependencies.iter().any(|one| one.wants.seen_as() == name)
    })
}

/// Returns whether a version has what others provide under a name.
fn declares_peer(index: &dyn Index, from: &PackageKey, name: &PackageName) -> bool {
    let is_peer = |one: &Dependency| one.kind.is_peer() && one.wants.seen_as() == name;
    release(index, from).is_some_and(|release| release.dependencies.iter().any(is_peer))
}

/// Returns whether a version may go without what others provide under a name.
fn is_optional_peer(index: &dyn Index, from: &PackageKey, name: &PackageName) -> bool {
    let is_it = |one: &Dependency| one.kind == DependencyKind::OptionalPeer && one.wants.seen_as() == name;
    release(index, from).is_some_and(|release| release.dependencies.iter().any(is_it))
}

fn release(index: &dyn Index, of: &PackageKey) -> Option<Arc<Release>> {
    let known = index.versions(&of.id).ok()?;
    let place = known.candidates.iter().position(|candidate| candidate.version == of.version)?;
    index.release(&of.id, u32::try_from(place).ok()?).ok()
}
