//! The registries of packages that come from several registries.

use std::collections::BTreeMap;

use super::{Label, PackageId, Platform};

/// The registries of packages for which the manifest names several. Packages with a single registry are not listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes(BTreeMap<PackageId, BTreeMap<Platform, Option<Label>>>);

impl Routes {
    /// Adds a package with the registry of each declared platform. `None` stands for the usual order of registries.
    pub fn insert(&mut self, package: PackageId, registries: BTreeMap<Platform, Option<Label>>) {
        self.0.insert(package, registries);
    }

    /// Returns whether every package has a single registry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the package has several registries.
    pub fn contains(&self, package: &PackageId) -> bool {
        self.0.keys().any(|known| known.is_same(package))
    }

    /// Returns the packages that have several registries, each with its registry on each platform.
    pub fn iter(&self) -> impl Iterator<Item = (&PackageId, &BTreeMap<Platform, Option<Label>>)> {
        self.0.iter()
    }

    /// Returns whether the manifest takes the package from its registry on one of `platforms`. If `platforms` is empty, any
    /// platform counts.
    pub fn leads_to(&self, package: &PackageId, platforms: &[Platform]) -> bool {
        let Some((_, registries)) = self.0.iter().find(|(known, _)| known.is_same(package)) else {
            return package.registry.is_none();
        };
        registries.iter().any(|(platform, registry)| {
            *registry == package.registry && (platforms.is_empty() || platforms.contains(platform))
        })
    }
}
