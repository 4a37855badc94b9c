//! (Current generation, lock) → [`Plan`]: what a sync will change, as data.

use std::collections::{BTreeMap, BTreeSet};

use crate::lock::Closure;
use crate::model::{PackageId, Version};

/// The packages of a generation: versions in ascending order, several where npm needs several.
pub type Contents = BTreeMap<PackageId, Vec<Version>>;

/// The difference between what a profile holds and what the lock wants.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Plan {
    /// Packages that come.
    pub added: Vec<(PackageId, Vec<Version>)>,
    /// Packages whose versions change: (package, from, to).
    pub changed: Vec<(PackageId, Vec<Version>, Vec<Version>)>,
    /// Packages that go.
    pub removed: Vec<(PackageId, Vec<Version>)>,
    /// How many packages stay as they are.
    pub kept: usize,
    /// The packages that a manifest asks for, before or after: they are told first.
    pub direct: BTreeSet<PackageId>,
}

impl Plan {
    /// Tells whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// Tells the changes, a line each: `~ npm:left 1.0.0 -> 1.1.0`, `- npm:gone 1.0.0`, `+ npm:new 2.0.0`. What a
    /// manifest asks for comes first.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let changed = self
            .changed
            .iter()
            .map(|(package, from, to)| (package, format!("~ {package} {} -> {}", list(from), list(to))));
        let one_sided = |mark: char, (package, versions): &(PackageId, Vec<Version>)| {
            format!("{mark} {package} {}", list(versions))
        };
        let removed = self.removed.iter().map(move |gone| (&gone.0, one_sided('-', gone)));
        let added = self.added.iter().map(move |new| (&new.0, one_sided('+', new)));
        let mut lines: Vec<_> = changed.chain(removed).chain(added).collect();
        lines.sort_by_key(|(package, _)| !self.direct.contains(*package));
        lines.into_iter().map(|(_, line)| line)
    }
}

fn list(versions: &[Version]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns the packages that a closure reaches.
pub fn contents(closure: &Closure<'_>) -> Contents {
    let mut contents = Contents::new();
    for (key, _) in closure.packages() {
        contents.entry(key.id.clone()).or_default().push(key.version.clone());
    }
    contents
}

/// Returns the packages that a closure's manifests ask for.
pub fn direct(closure: &Closure<'_>) -> BTreeSet<PackageId> {
    closure.roots.iter().flat_map(|root| &root.to).map(|edge| edge.to.package.id.clone()).collect()
}

/// Compares what is there with what is wanted. Every list is sorted by package.
pub fn plan(current: &Contents, wanted: &Contents) -> Plan {
    let mut plan = Plan::default();
    for (package, versions) in wanted {
        match current.get(package) {
            None => plan.added.push((package.clone(), versions.clone())),
            Some(before) if before == versions => plan.kept += 1,
            Some(before) => plan.changed.push((package.clone(), before.clone(), versions.clone())),
        }
    }
    let gone = current.iter().filter(|(package, _)| !wanted.contains_key(*package));
    plan.removed = gone.map(|(package, versions)| (package.clone(), versions.clone())).collect();
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageName};

    fn contents(packages: &[(&str, &[&str])]) -> Contents {
        let version = |text: &&str| Version::parse(Ecosystem::Npm, text).unwrap();
        packages
            .iter()
            .map(|(name, versions)| {
                let id = PackageId::new(Ecosystem::Npm, PackageName::npm(name).unwrap());
                (id, versions.iter().map(version).collect())
            })
            .collect()
    }

    #[test]
    fn every_package_is_added_changed_removed_or_kept() {
        let before = contents(&[("gone", &["1.0.0"]), ("kept", &["1.0.0", "2.0.0"]), ("moved", &["1.0.0"])]);
        let after = contents(&[("kept", &["1.0.0", "2.0.0"]), ("moved", &["1.0.0", "2.0.0"]), ("new", &["3.0.0"])]);
        let plan = plan(&before, &after);
        assert_eq!(plan.kept, 1);
        assert_eq!(plan.added[0].0.to_string(), "npm:new");
        assert_eq!(plan.removed[0].0.to_string(), "npm:gone");
        assert_eq!((plan.changed[0].1.len(), plan.changed[0].2.len()), (1, 2));
        assert!(super::plan(&after, &after).is_empty());
        let direct = BTreeSet::from([plan.added[0].0.clone()]);
        let lines: Vec<_> = Plan { direct, ..plan }.lines().collect();
        assert_eq!(lines, ["+ npm:new 3.0.0", "~ npm:moved 1.0.0 -> 1.0.0, 2.0.0", "- npm:gone 1.0.0"]);
    }
}
