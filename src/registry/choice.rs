//! Which registry a package comes from.

use std::collections::BTreeMap;

use super::RegistryError;
use crate::manifest::{Claim, Registry};
use crate::model::{Ecosystem, Label, PackageId};

/// The rules, from the manifest's registries and the lines that name one.
#[derive(Debug)]
pub struct Choice {
    pinned: BTreeMap<PackageId, Label>,
    /// The claims, those of the highest priority first.
    claims: Vec<(Claim, Label)>,
    unclaimed: BTreeMap<Ecosystem, Vec<Label>>,
    declared: BTreeMap<Label, Ecosystem>,
}

impl Choice {
    /// Joins the registries with the packages whose lines name one.
    pub fn new(registries: &[Registry], pinned: BTreeMap<PackageId, Label>) -> Self {
        let mut sorted: Vec<&Registry> = registries.iter().collect();
        sorted.sort_by_key(|registry| std::cmp::Reverse(registry.priority));
        let mut claims = Vec::new();
        let mut unclaimed: BTreeMap<Ecosystem, Vec<Label>> = BTreeMap::new();
        for registry in &sorted {
            claims.extend(registry.packages.iter().map(|claim| (claim.clone(), registry.name.clone())));
            if registry.packages.is_empty() && (registry.is_usual() || registry.priority > 0) {
                unclaimed.entry(registry.ecosystem).or_default().push(registry.name.clone());
            }
        }
        let declared = registries.iter().map(|registry| (registry.name.clone(), registry.ecosystem)).collect();
        Self { pinned, claims, unclaimed, declared }
    }

    /// Returns the registries to ask, in order; the first that has the package serves it. What is pinned or claimed
    /// has one.
    pub(super) fn of<'a>(&'a self, package: &'a PackageId) -> Result<&'a [Label], RegistryError> {
        if let Some(registry) = self.demanded(package) {
            return Ok(std::slice::from_ref(registry));
        }
        let none = || RegistryError::NoRegistry { ecosystem: package.ecosystem, package: package.name.clone() };
        self.unclaimed.get(&package.ecosystem).map(Vec::as_slice).ok_or_else(none)
    }

    /// Returns the only registry that a package may come from, where lines name it or a registry claims it.
    pub fn demanded<'a>(&'a self, package: &'a PackageId) -> Option<&'a Label> {
        let claimed = || self.claims.iter().find(|(claim, _)| claim.covers(package)).map(|(_, registry)| registry);
        self.pinned.get(package).or_else(claimed).or(package.registry.as_ref())
    }

    /// Returns the registries that a package may come from, in the order in which they are asked.
    pub fn admitted<'a>(&'a self, package: &'a PackageId) -> &'a [Label] {
        self.of(package).unwrap_or_default()
    }

    /// Tells whether a registry is declared that serves an ecosystem under this name.
    pub fn declares(&self, registry: &Label, ecosystem: Ecosystem) -> bool {
        self.declared.get(registry) == Some(&ecosystem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::RegistryUrl;
    use crate::model::PackageName;

    fn registry(name: &str, packages: &[&str], priority: i64) -> Registry {
        let url = RegistryUrl::Http("https://localhost/".parse().unwrap());
        let claim = |glob: &&str| Claim::parse(Ecosystem::Npm, glob, (0, 0).into()).unwrap();
        let packages = packages.iter().map(claim).collect();
        Registry { packages, priority, ..Registry::new(Ecosystem::Npm, name.parse().unwrap(), url) }
    }

    #[test]
    fn claimed_names_come_from_nowhere_else() {
        let registries = [
            registry("acme", &["@acme/*"], 0),
            registry("npmjs", &[], 0),
            registry("first", &[], 5),
            registry("last", &[], 0),
        ];
        let npm = |name: &str| PackageId::new(Ecosystem::Npm, PackageName::npm(name).unwrap());
        let pinned = BTreeMap::from([(npm("pinned"), "last".parse().unwrap())]);
        let choice = Choice::new(&registries, pinned);
        let of = |name: &str| choice.of(&npm(name)).unwrap().iter().map(Label::to_string).collect::<Vec<_>>();
        assert_eq!(of("@acme/money"), ["acme"]);
        assert_eq!(of("pinned"), ["last"]);
        assert_eq!(of("react"), ["first", "npmjs"]);
        let python = PackageId::new(Ecosystem::Pypi, PackageName::pypi("a").unwrap());
        assert!(matches!(choice.of(&python), Err(RegistryError::NoRegistry { .. })));
    }
}
