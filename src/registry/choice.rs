//! Which registry a package comes from.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};

use super::RegistryError;
use crate::manifest::{Registry, RegistryKind};
use crate::model::{Ecosystem, Label, PackageId};

/// The rules, from the manifest's registries and the lines that name one.
#[derive(Debug)]
pub(super) struct Choice {
    pinned: BTreeMap<PackageId, Label>,
    claims: Vec<(RegistryKind, GlobMatcher, Label)>,
    unclaimed: BTreeMap<RegistryKind, Vec<Label>>,
}

impl Choice {
    pub(super) fn new(registries: &[Registry], pinned: BTreeMap<PackageId, Label>) -> Result<Self, RegistryError> {
        let mut sorted: Vec<&Registry> = registries.iter().collect();
        sorted.sort_by_key(|registry| std::cmp::Reverse(registry.priority));
        let mut claims = Vec::new();
        let mut unclaimed: BTreeMap<RegistryKind, Vec<Label>> = BTreeMap::new();
        for registry in sorted {
            for glob in &registry.packages {
                let parsed = Glob::new(glob).map_err(|error| RegistryError::BadGlob {
                    registry: registry.name.clone(),
                    glob: glob.clone(),
                    reason: error.kind().to_string(),
                })?;
                claims.push((registry.kind, parsed.compile_matcher(), registry.name.clone()));
            }
            let is_default = matches!(
                (registry.kind, registry.name.as_str()),
                (RegistryKind::Npm, "npmjs") | (RegistryKind::Pypi, "pypi") | (RegistryKind::Larder, _)
            );
            if registry.packages.is_empty() && (is_default || registry.priority > 0) {
                unclaimed.entry(registry.kind).or_default().push(registry.name.clone());
            }
        }
        Ok(Self { pinned, claims, unclaimed })
    }

    /// Returns the registries to ask, in order; the first that has the package serves it. What is pinned or claimed
    /// has one.
    pub(super) fn of(&self, package: &PackageId) -> Result<&[Label], RegistryError> {
        if let Some(registry) = self.pinned.get(package) {
            return Ok(std::slice::from_ref(registry));
        }
        let none = || RegistryError::NoRegistry { ecosystem: package.ecosystem, package: package.name.clone() };
        let kind = kind(package.ecosystem).ok_or_else(none)?;
        let claimed = self.claims.iter().find(|(of, glob, _)| *of == kind && glob.is_match(package.name.as_str()));
        if let Some((_, _, registry)) = claimed {
            return Ok(std::slice::from_ref(registry));
        }
        self.unclaimed.get(&kind).map(Vec::as_slice).ok_or_else(none)
    }
}

/// Returns the kind of registry that serves an ecosystem.
pub(super) fn kind(ecosystem: Ecosystem) -> Option<RegistryKind> {
    match ecosystem {
        Ecosystem::Npm => Some(RegistryKind::Npm),
        Ecosystem::Pypi => Some(RegistryKind::Pypi),
        Ecosystem::Larder => Some(RegistryKind::Larder),
        Ecosystem::Path => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::RegistryUrl;
    use crate::model::PackageName;

    fn registry(name: &str, packages: &[&str], priority: i64) -> Registry {
        let url = RegistryUrl::Http("https://localhost/".into());
        let packages = packages.iter().map(|&glob| glob.to_owned()).collect();
        Registry { packages, priority, ..Registry::new(RegistryKind::Npm, name.parse().unwrap(), url) }
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
        let choice = Choice::new(&registries, pinned).unwrap();
        let of = |name: &str| choice.of(&npm(name)).unwrap().iter().map(Label::as_str).collect::<Vec<_>>();
        assert_eq!(of("@acme/money"), ["acme"]);
        assert_eq!(of("pinned"), ["last"]);
        assert_eq!(of("react"), ["first", "npmjs"]);
        let python = PackageId::new(Ecosystem::Pypi, PackageName::pypi("a").unwrap());
        assert!(matches!(choice.of(&python), Err(RegistryError::NoRegistry { .. })));
    }
}
