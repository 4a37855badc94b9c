//! Which registry serves a package, where the manifest names several for it.

use std::collections::BTreeMap;

use super::{Label, PackageId, Platform};

/// The registries of packages that the manifest takes from several. Nearly always empty: a package that has one registry
/// everywhere is not here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes(BTreeMap<PackageId, BTreeMap<Platform, Option<Label>>>);

impl Routes {
    /// Adds a package with the registry of each declared platform; none where the usual order of registries decides.
    pub fn insert(&mut self, package: PackageId, registries: BTreeMap<Platform, Option<Label>>) {
        self.0.insert(package, registries);
    }

    /// Tells whether every package has one registry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether the package has several registries.
    pub fn contains(&self, package: &PackageId) -> bool {
        self.0.keys().any(|known| known.is_same(package))
    }

    /// Returns the packages that have several registries, each with its registry on each platform.
    pub fn iter(&self) -> impl Iterator<Item = (&PackageId, &BTreeMap<Platform, Option<Label>>)> {
        self.0.iter()
    }

    /// Tells whether this is the package that the manifest means on one of the platforms; on any of them where none is
    /// given.
    pub fn leads_to(&self, package: &PackageId, platforms: &[Platform]) -> bool {
        let Some((_, registries)) = self.0.iter().find(|(known, _)| known.is_same(package)) else {
            return package.registry.is_none();
        };
        registries.iter().any(|(platform, registry)| {
            *registry == package.registry && (platforms.is_empty() || platforms.contains(platform))
        })
    }
}
