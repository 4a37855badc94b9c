//! The packages that come from outside of registries: those that lines name, and those that packages bring and that were looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::release::SourceRelease;
use crate::model::{PackageId, Settings};
use crate::registry::once::lock;
use crate::registry::routing::Routing;
use crate::resolve::{IndexError, Release, UnknownSource, Wants};

/// The packages that come from outside of registries.
#[derive(Debug, Default)]
pub(in crate::registry) struct KnownSources(Mutex<BTreeMap<PackageId, Arc<SourceRelease>>>);

impl KnownSources {
    /// Returns a package, if it comes from outside of registries.
    pub(in crate::registry) fn get(&self, package: &PackageId) -> Option<Arc<SourceRelease>> {
        lock(&self.0).get(package).cloned()
    }

    /// Adds or replaces a package.
    pub(in crate::registry) fn insert(&self, release: SourceRelease) {
        lock(&self.0).insert(release.package.id.clone(), Arc::new(release));
    }

    /// Takes a package out.
    pub(in crate::registry) fn remove(&self, package: &PackageId) -> Option<Arc<SourceRelease>> {
        lock(&self.0).remove(package)
    }

    /// Puts a package back.
    pub(in crate::registry) fn restore(&self, release: Arc<SourceRelease>) {
        lock(&self.0).insert(release.package.id.clone(), release);
    }

    /// Lets a release ask for packages from outside of registries, where the settings do and each comes from one place. What it may
    /// not ask for stays as it is.
    ///
    /// # Errors
    /// [`IndexError::Outside`] if it asks for a package that was not looked at yet.
    pub(in crate::registry) fn settle(
        &self,
        settings: &Settings,
        routing: &Routing,
        package: &PackageId,
        mut release: Release,
    ) -> Result<Release, IndexError> {
        for dependency in &mut release.dependencies {
            let Wants::Source { requirement, source, text } = &dependency.wants else { continue };
            if !settings.transitive.admit(source) {
                continue;
            }
            let asked = requirement.package();
            let refused = |reason: String| {
                let (name, text) = (requirement.seen_as().clone(), text.clone());
                Wants::Unsupported { name, text, reason }
            };
            dependency.wants = match (self.get(&asked), routing.required_registry(&asked)) {
                (Some(known), _) if known.source.source == *source => Wants::Requirement(requirement.clone()),
                (Some(known), _) => refused(format!("{asked} comes from {}", known.source.source)),
                (None, Some(registry)) => refused(format!("{asked} comes from registry `{registry}` and nowhere else")),
                (None, None) => {
                    let (source, dependent) = (source.clone(), package.clone());
                    return Err(IndexError::Outside(Box::new(UnknownSource { package: asked, source, dependent })));
                }
            };
        }
        Ok(release)
    }
}
