//! How two sets of packages differ: those of two generations, or of two locks. A [`Difference`] is shown to people and printed
//! with `--json`; nothing is carried out from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lock::{Closure, Lockfile};
use crate::model::{
    Artifact, PackageId, PackageKey, PatchedPackage, Platform, RuntimeName, RuntimeVersion, Runtimes, Version,
};

/// The versions of each package, in ascending order; several where npm needs several.
pub type PackageVersions = BTreeMap<PackageId, Vec<Version>>;

/// The versions of each runtime that larder brings, in ascending order; several where platforms differ.
pub type RuntimeVersions = BTreeMap<RuntimeName, Vec<RuntimeVersion>>;

/// A runtime that larder brings and that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeChange {
    /// The runtime.
    pub name: RuntimeName,
    /// Its versions before; empty if it is new.
    pub from: Vec<RuntimeVersion>,
    /// Its versions now; empty if it is gone.
    pub to: Vec<RuntimeVersion>,
}

/// How the packages of a generation, or of a lock, differ from those of another.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Difference {
    /// Packages that only the new one has.
    pub added: Vec<(PackageId, Vec<Version>)>,
    /// Packages that have other versions, or the same ones with other content: (package, old versions, new versions).
    pub changed: Vec<(PackageId, Vec<Version>, Vec<Version>)>,
    /// Packages that only the old one has.
    pub removed: Vec<(PackageId, Vec<Version>)>,
    /// The runtimes that larder brings and that have other versions, or that only one side has.
    pub runtimes: Vec<RuntimeChange>,
    /// The flows that differ: the name, what it was, what it is.
    pub flows: Vec<FlowChange>,
    /// The number of packages that have the same versions with the same content.
    pub kept: usize,
    /// The direct dependencies, old and new: [`Self::lines`] begins with them.
    pub direct: BTreeSet<PackageId>,
}

impl Difference {
    /// Compares the versions of two sets of packages. Every list is sorted by package; [`Self::direct`] is empty.
    pub fn between(old: &PackageVersions, new: &PackageVersions) -> Self {
        let mut difference = Self::default();
        for (package, versions) in new {
            match old.get(package) {
                None => difference.added.push((package.clone(), versions.clone())),
                Some(before) if before == versions => difference.kept += 1,
                Some(before) => difference.changed.push((package.clone(), before.clone(), versions.clone())),
            }
        }
        let removed = old.iter().filter(|(package, _)| !new.contains_key(*package));
        difference.removed = removed.map(|(package, versions)| (package.clone(), versions.clone())).collect();
        difference
    }

    /// Takes into account that these packages, which both sides have in these versions, have other content: a registry serves one current
    /// file, a patch came or went.
    #[must_use]
    pub fn with_replaced(mut self, replaced: PackageVersions) -> Self {
        for (package, versions) in replaced {
            if self.added.iter().any(|(new, _)| *new == package) {
                continue;
            }
            let Err(place) = self.changed.binary_search_by(|(known, ..)| known.cmp(&package)) else { continue };
            self.changed.insert(place, (package, versions.clone(), versions));
            self.kept = self.kept.saturating_sub(1);
        }
        self
    }

    /// Adds how the runtimes that larder brings differ.
    #[must_use]
    pub fn with_runtimes(self, old: &RuntimeVersions, new: &RuntimeVersions) -> Self {
        let versions = |of: &RuntimeVersions, name| of.get(&name).cloned().unwrap_or_default();
        let changes =
            RuntimeName::ALL.map(|name| RuntimeChange { name, from: versions(old, name), to: versions(new, name) });
        Self { runtimes: changes.into_iter().filter(|change| change.from != change.to).collect(), ..self }
    }

    /// Adds how the deployed flows differ, each with what is told of it.
    #[must_use]
    pub fn with_flows(self, old: &BTreeMap<Arc<str>, String>, new: &BTreeMap<Arc<str>, String>) -> Self {
        let names: BTreeSet<&Arc<str>> = old.keys().chain(new.keys()).collect();
        let changes = names.into_iter().map(|name| FlowChange {
            name: Arc::clone(name),
            from: old.get(name).cloned(),
            to: new.get(name).cloned(),
        });
        Self { flows: changes.filter(|change| change.from != change.to).collect(), ..self }
    }

    /// Returns whether both have the same packages and runtimes in the same versions with the same content, and the same flows.
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
            && self.runtimes.is_empty()
            && self.added.is_empty()
            && self.changed.is_empty()
            && self.removed.is_empty()
    }

    /// Returns a line for each change: `~ npm:left 1.0.0 -> 1.1.0`, `~ npm:left 1.0.0 (other content)`, `- npm:gone 1.0.0`,
    /// `+ npm:new 2.0.0`. Runtimes come first, then direct dependencies.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let changed = self
            .changed
            .iter()
            .map(|(package, from, to)| (package, format!("~ {package} {}", moved(&list(from), &list(to)))));
        let one_sided = |mark: char, (package, versions): &(PackageId, Vec<Version>)| {
            format!("{mark} {package} {}", list(versions))
        };
        let removed = self.removed.iter().map(move |gone| (&gone.0, one_sided('-', gone)));
        let added = self.added.iter().map(move |new| (&new.0, one_sided('+', new)));
        let runtimes = self.runtimes.iter().map(RuntimeChange::line);
        let mut lines: Vec<_> = changed.chain(removed).chain(added).collect();
        lines.sort_by_key(|(package, _)| !self.direct.contains(*package));
        let flows = self.flows.iter().map(FlowChange::line);
        runtimes.chain(flows).chain(lines.into_iter().map(|(_, line)| line))
    }
}

/// A deployed flow that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowChange {
    /// The flow.
    pub name: Arc<str>,
    /// What is told of it before; `None` if it is new.
    pub from: Option<String>,
    /// What is told of it now; `None` if it is gone.
    pub to: Option<String>,
}

impl FlowChange {
    /// Returns the line of a change: `~ flow:order-intake 1.2.0 (0f3a91c2) -> 1.3.0 (77b0a4de)`.
    fn line(&self) -> String {
        let Self { name, from, to } = self;
        match (from, to) {
            (Some(from), Some(to)) => format!("~ flow:{name} {from} -> {to}"),
            (None, Some(to)) => format!("+ flow:{name} {to}"),
            (Some(from), None) => format!("- flow:{name} {from}"),
            (None, None) => format!("  flow:{name}"),
        }
    }
}

impl RuntimeChange {
    /// Returns the line of a change: `~ node 22.10.0 -> 22.11.0`.
    fn line(&self) -> String {
        let Self { name, from, to } = self;
        match (&from[..], &to[..]) {
            (from, []) => format!("- {name} {}", list(from)),
            ([], to) => format!("+ {name} {}", list(to)),
            (from, to) => format!("~ {name} {} -> {}", list(from), list(to)),
        }
    }
}

/// Returns what is told of versions: `1.0.0 -> 1.1.0`, or `1.0.0 (other content)` where they are the same.
pub fn moved(from: &str, to: &str) -> String {
    if from == to { format!("{to} (other content)") } else { format!("{from} -> {to}") }
}

fn list(versions: &[impl ToString]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns the packages that a closure reaches.
pub fn packages_of(closure: &Closure<'_>) -> PackageVersions {
    let mut packages = PackageVersions::new();
    for (key, _) in closure.packages() {
        packages.entry(key.id.clone()).or_default().push(key.version.clone());
    }
    packages
}

/// Returns the packages that two locks have in the same versions with other content: with files of one name and other digests, or with
/// other patches.
pub fn replaced(old: &Lockfile, new: &Lockfile) -> PackageVersions {
    let is_other = |one: &Artifact, other: &Artifact| match (&one.digest, &other.digest) {
        (Some(one_digest), Some(other_digest)) => {
            one.file == other.file && one_digest.algorithm() == other_digest.algorithm() && one_digest != other_digest
        }
        _ => false,
    };
    let patch = |lock: &Lockfile, key: &PackageKey| {
        PatchedPackage::find(&lock.settings.patches, key).map(|patch| patch.digest.clone())
    };
    let is_replaced = |key: &&PackageKey| {
        let (Some(before), Some(now)) = (old.graph.packages.get(*key), new.graph.packages.get(*key)) else {
            return false;
        };
        patch(old, key) != patch(new, key)
            || now.artifacts.iter().any(|file| before.artifacts.iter().any(|known| is_other(known, file)))
    };
    let found: BTreeSet<&PackageId> = new.graph.packages.keys().filter(is_replaced).map(|key| &key.id).collect();
    let mut replaced = PackageVersions::new();
    for key in new.graph.packages.keys().filter(|key| found.contains(&key.id)) {
        replaced.entry(key.id.clone()).or_default().push(key.version.clone());
    }
    replaced
}

/// Returns the versions of a lock's runtimes: on one platform, or on all.
pub fn runtimes_of(runtimes: &Runtimes, platform: Option<Platform>) -> RuntimeVersions {
    let mut versions = RuntimeVersions::new();
    for (key, runtime) in &runtimes.0 {
        if platform.is_none_or(|platform| runtime.artifact_for(platform).is_some()) {
            versions.entry(key.name).or_default().push(key.version);
        }
    }
    versions
}

/// Returns the direct dependencies of a closure: the packages that its manifest lines ask for.
pub fn direct_dependencies(closure: &Closure<'_>) -> BTreeSet<PackageId> {
    closure.roots.iter().flat_map(|root| &root.to).map(|edge| edge.to.package.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Ecosystem, Facts, Package, PackageName};

    fn packages(listed: &[(&str, &[&str])]) -> PackageVersions {
        let version = |text: &&str| Version::parse(Ecosystem::Npm, text).unwrap();
        listed
            .iter()
            .map(|(name, versions)| {
                let id = PackageId::new(Ecosystem::Npm, PackageName::npm(name).unwrap());
                (id, versions.iter().map(version).collect())
            })
            .collect()
    }

    #[test]
    fn every_package_is_added_changed_removed_or_kept() {
        let before = packages(&[("gone", &["1.0.0"]), ("kept", &["1.0.0", "2.0.0"]), ("moved", &["1.0.0"])]);
        let after = packages(&[("kept", &["1.0.0", "2.0.0"]), ("moved", &["1.0.0", "2.0.0"]), ("new", &["3.0.0"])]);
        let difference = Difference::between(&before, &after);
        assert_eq!(difference.kept, 1);
        assert_eq!(difference.added[0].0.to_string(), "npm:new");
        assert_eq!(difference.removed[0].0.to_string(), "npm:gone");
        assert_eq!((difference.changed[0].1.len(), difference.changed[0].2.len()), (1, 2));
        assert!(Difference::between(&after, &after).is_empty());
        let direct = BTreeSet::from([difference.added[0].0.clone()]);
        let lines: Vec<_> = Difference { direct, ..difference }.lines().collect();
        assert_eq!(lines, ["+ npm:new 3.0.0", "~ npm:moved 1.0.0 -> 1.0.0, 2.0.0", "- npm:gone 1.0.0"]);
    }

    #[test]
    fn other_content_under_the_same_versions_is_a_change() {
        let before = packages(&[("kept", &["1.0.0"]), ("moved", &["1.0.0"]), ("patched", &["1.0.0"])]);
        let there =
            [("kept", &["1.0.0"] as &[&str]), ("moved", &["2.0.0"]), ("new", &["1.0.0"]), ("patched", &["1.0.0"])];
        let after = packages(&there);
        let replaced = packages(&[("moved", &["2.0.0"]), ("new", &["1.0.0"]), ("patched", &["1.0.0"])]);
        let difference = Difference::between(&before, &after).with_replaced(replaced.clone());
        assert_eq!((difference.kept, difference.changed.len()), (1, 2));
        let lines: Vec<_> = difference.lines().collect();
        assert_eq!(lines, ["~ npm:moved 1.0.0 -> 2.0.0", "~ npm:patched 1.0.0 (other content)", "+ npm:new 1.0.0"]);
        assert!(!Difference::between(&after, &after).with_replaced(replaced).is_empty());
    }

    #[test]
    fn files_with_other_digests_and_other_patches_are_other_content() {
        let lock = |content: &str, patch: Option<&str>| {
            let id = PackageId::new(Ecosystem::Npm, PackageName::npm("a").unwrap());
            let version = Version::parse(Ecosystem::Npm, "1.0.0").unwrap();
            let file = Artifact { digest: Some(Digest::sha256_of(content)), ..Artifact::tarball("a-1.0.0.tgz") };
            let mut lock = Lockfile::default();
            let patched = |text| PatchedPackage {
                package: id.clone(),
                version: version.clone(),
                digest: Digest::sha256_of(text),
            };
            lock.settings.patches.extend(patch.map(patched));
            let (origin, folder, attestation) = (None, None, None);
            let package = Package { origin, folder, artifacts: vec![file], facts: Facts::default(), attestation };
            lock.graph.packages.insert(PackageKey { id, version }, package);
            lock
        };
        let is_replaced = |one: &Lockfile, other: &Lockfile| !replaced(one, other).is_empty();
        let plain = lock("one", None);
        assert!(!is_replaced(&plain, &plain) && !is_replaced(&Lockfile::default(), &plain));
        assert!(is_replaced(&plain, &lock("two", None)));
        assert!(is_replaced(&plain, &lock("one", Some("p"))) && is_replaced(&lock("one", Some("p")), &plain));
        assert!(is_replaced(&lock("one", Some("q")), &lock("one", Some("p"))));
    }

    #[test]
    fn runtimes_are_told_first() {
        let versions = |text: &str| vec![text.parse().unwrap()];
        let before = RuntimeVersions::from([(RuntimeName::Node, versions("22.10.0"))]);
        let after = RuntimeVersions::from([
            (RuntimeName::Node, versions("22.11.0")),
            (RuntimeName::Python, versions("3.12.8")),
        ]);
        let difference = Difference::default().with_runtimes(&before, &after);
        assert_eq!(difference.lines().collect::<Vec<_>>(), ["~ node 22.10.0 -> 22.11.0", "+ python 3.12.8"]);
        assert!(!difference.is_empty());
        assert!(Difference::default().with_runtimes(&after, &after).is_empty());
    }
}
