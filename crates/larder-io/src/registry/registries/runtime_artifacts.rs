//! The runtimes that larder brings, as the registries of a project have them.

use std::sync::Arc;

use super::Registries;
use crate::diagnostic::Failure;
use crate::fetch::{Request, RequestTarget, Response, SourceError};
use crate::model::{Artifact, ManagedRuntime, Origin, PackageKey, Platform, RuntimeKey, RuntimeName, RuntimeSource};
use crate::registry::RegistryError;
use crate::registry::runtimes::{self, RuntimeOffer};

impl Registries {
    /// Returns the versions of a managed runtime that its source has, with their archives for these platforms.
    ///
    /// # Errors
    /// If a source cannot be asked, or its answer cannot be used.
    pub fn runtime_offers(
        &self,
        name: RuntimeName,
        rule: &ManagedRuntime,
        platforms: &[Platform],
    ) -> Result<Vec<RuntimeOffer>, Arc<dyn Failure>> {
        match rule.source {
            RuntimeSource::NpmPackages => runtimes::packages::offers(self, platforms),
            RuntimeSource::NodeDistribution | RuntimeSource::PythonBuildStandalone => {
                self.state.runtimes.offers(name, rule, platforms)
            }
        }
    }

    /// Returns the digests of a runtime's archives, where the list of versions has none; and who published it, where the source
    /// is one that anybody can publish at and says that.
    pub fn complete_runtime(
        &self,
        key: RuntimeKey,
        source: RuntimeSource,
        archives: &mut [Artifact],
    ) -> Result<Option<String>, Arc<dyn Failure>> {
        match source {
            RuntimeSource::NpmPackages => {
                Ok(runtimes::packages::publisher(archives, |package| self.version_document(package)))
            }
            RuntimeSource::NodeDistribution => self.state.runtimes.add_digests(key, archives).map(|()| None),
            RuntimeSource::PythonBuildStandalone => Ok(None),
        }
    }

    /// Returns the package's own document of one version, as its registry has it.
    fn version_document(&self, key: &PackageKey) -> Option<Vec<u8>> {
        let listing = self.state.listing(&key.id).ok()?;
        let Some(Origin::Registry(label)) = &listing.versions().origin else { return None };
        let registry = self.state.registry(label, &key.id).ok()?;
        let path = format!("{}/{}", key.id.name, key.version);
        let request = Request { target: RequestTarget::Below(&path), ..Request::default() };
        Some(registry.client.http.read(&registry.client.endpoint, &request).ok()?.bytes)
    }

    pub(super) fn open_runtime(&self, key: RuntimeKey, artifact: &Artifact) -> Result<Response, SourceError> {
        let Some(package) = runtimes::packages::package_of(artifact) else {
            return self.state.runtimes.open(key.name, artifact);
        };
        let artifact = Artifact { location: None, ..artifact.clone() };
        let registries = self.state.routing.candidates(&package.id).map_err(|error| Arc::new(error) as SourceError)?;
        let mut missing = None;
        for registry in registries {
            match self.state.open(&package, registry, &artifact) {
                Ok(response) => return Ok(response),
                Err(error) => drop(missing.get_or_insert(error)),
            }
        }
        let none = || {
            let (ecosystem, package) = (package.id.ecosystem, package.id.name.clone());
            Arc::new(RegistryError::NoRegistry { ecosystem, package }) as SourceError
        };
        Err(missing.unwrap_or_else(none))
    }
}
