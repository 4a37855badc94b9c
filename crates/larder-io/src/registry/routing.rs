//! Routing: which registries may serve a package.

use std::collections::BTreeMap;

use super::RegistryError;
use crate::manifest::{Claim, Registry};
use crate::model::{Ecosystem, Label, PackageId};

/// The rules that assign packages to registries, from the manifest's registries and the lines with `registry=`.
#[derive(Debug)]
pub struct Routing {
    pinned: BTreeMap<PackageId, Label>,
    /// The claims, sorted by the priority of their registries, highest first; of one priority, names come before globs.
    claims: Vec<(Claim, Label)>,
    unclaimed: BTreeMap<Ecosystem, Vec<Label>>,
    priorities: BTreeMap<Label, i64>,
    declared: BTreeMap<Label, Ecosystem>,
}

impl Routing {
    /// Creates the rules. `pinned` has the packages whose lines name a registry.
    pub fn new(registries: &[Registry], pinned: BTreeMap<PackageId, Label>) -> Self {
        let mut sorted: Vec<&Registry> = registries.iter().collect();
        sorted.sort_by_key(|registry| std::cmp::Reverse(registry.priority));
        let priorities: BTreeMap<Label, i64> =
            registries.iter().map(|registry| (registry.name.clone(), registry.priority)).collect();
        let mut claims: Vec<(Claim, Label)> = Vec::new();
        let mut unclaimed: BTreeMap<Ecosystem, Vec<Label>> = BTreeMap::new();
        for registry in &sorted {
            claims.extend(registry.packages.iter().map(|claim| (claim.clone(), registry.name.clone())));
            if registry.packages.is_empty() && (registry.is_usual() || registry.priority > 0) {
                unclaimed.entry(registry.ecosystem).or_default().push(registry.name.clone());
            }
        }
        let rank = |(claim, registry): &(Claim, Label)| {
            (std::cmp::Reverse(priorities.get(registry).copied()), !claim.is_name())
        };
        claims.sort_by_key(rank);
        let declared = registries.iter().map(|registry| (registry.name.clone(), registry.ecosystem)).collect();
        Self { pinned, claims, unclaimed, priorities, declared }
    }

    /// Returns the registries to ask, in order. The first that has the package serves it. A pinned or claimed package has exactly
    /// one.
    ///
    /// # Errors
    /// If two registries claim the package alike, or none serves its ecosystem.
    pub(super) fn candidates<'a>(&'a self, package: &'a PackageId) -> Result<&'a [Label], RegistryError> {
        if let Some(registries) = self.rival_claimants(package) {
            return Err(RegistryError::SeveralClaim { package: package.name.clone(), registries });
        }
        if let Some(registry) = self.required_registry(package) {
            return Ok(std::slice::from_ref(registry));
        }
        let none = || RegistryError::NoRegistry { ecosystem: package.ecosystem, package: package.name.clone() };
        self.unclaimed.get(&package.ecosystem).map(Vec::as_slice).ok_or_else(none)
    }

    /// Returns two registries that claim a package with the same priority, both by its name or both by a glob. Returns `None` if there
    /// are no two, or a line names the registry.
    pub fn rival_claimants(&self, package: &PackageId) -> Option<[Label; 2]> {
        let mut covering = self.claims.iter().filter(|(claim, _)| claim.covers(package));
        let (claim, first) = covering.next().filter(|_| !self.pinned.contains_key(package))?;
        let rank = |claim: &Claim, registry: &Label| (self.priorities.get(registry).copied(), claim.is_name());
        let (_, other) = covering
            .take_while(|(other, registry)| rank(other, registry) == rank(claim, first))
            .find(|(_, registry)| registry != first)?;
        Some([first.clone(), other.clone()])
    }

    /// Returns those of the registries to ask for a package that have the same priority as `registry`, and come after it: if one of
    /// them has the package too, nobody has said which is meant.
    pub(super) fn equals<'a>(&'a self, package: &'a PackageId, registry: &'a Label) -> impl Iterator<Item = &'a Label> {
        let candidates = self.candidates(package).unwrap_or_default().iter();
        let priority = self.priorities.get(registry);
        let after = candidates.skip_while(move |label| *label != registry).skip(1);
        after.take_while(move |label| self.priorities.get(*label) == priority)
    }

    /// Returns the only registry that may serve a package, if a line names it or a registry claims the package.
    pub fn required_registry<'a>(&'a self, package: &'a PackageId) -> Option<&'a Label> {
        let claimed = || self.claims.iter().find(|(claim, _)| claim.covers(package)).map(|(_, registry)| registry);
        self.pinned.get(package).or_else(claimed).or(package.registry.as_ref())
    }

    /// Returns the registries that may serve a package, in the order in which they are asked. Returns an empty list if there is
    /// none.
    pub fn allowed_registries<'a>(&'a self, package: &'a PackageId) -> &'a [Label] {
        self.candidates(package).unwrap_or_default()
    }

    /// Returns whether a registry of this name is declared for an ecosystem.
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
        let routing = Routing::new(&registries, pinned);
        let of = |name: &str| routing.candidates(&npm(name)).unwrap().iter().map(Label::to_string).collect::<Vec<_>>();
        assert_eq!(of("@acme/money"), ["acme"]);
        assert_eq!(of("pinned"), ["last"]);
        assert_eq!(of("react"), ["first", "npmjs"]);
        assert_eq!(routing.equals(&npm("react"), &"first".parse().unwrap()).count(), 0);
        // A name comes before a glob, and a priority before both; of two alike none is meant.
        let claimed = |first: Registry, second: Registry| {
            let registries = [first, second];
            match Routing::new(&registries, BTreeMap::new()).candidates(&npm("widget")) {
                Ok(labels) => labels.iter().map(Label::to_string).collect::<Vec<_>>().concat(),
                Err(error) => error.to_string(),
            }
        };
        assert_eq!(claimed(registry("a", &["wid*"], 0), registry("b", &["widget"], 0)), "b");
        assert_eq!(claimed(registry("a", &["wid*"], 1), registry("b", &["widget"], 0)), "a");
        for glob in ["wid*", "widget"] {
            let both = claimed(registry("a", &[glob], 0), registry("b", &[glob], 0));
            assert_eq!(both, "the registries `a` and `b` both claim widget");
        }
        let python = PackageId::new(Ecosystem::Pypi, PackageName::pypi("a").unwrap());
        assert!(matches!(routing.candidates(&python), Err(RegistryError::NoRegistry { .. })));
    }
}
