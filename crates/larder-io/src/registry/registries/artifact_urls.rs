//! Where the files of locked packages are at their registries.

use std::sync::Arc;

use super::{Registries, RegistriesState};
use crate::diagnostic::Failure;
use crate::fetch::RequestTarget;
use crate::model::{Artifact, Label, PackageKey};
use crate::registry::RegistryError;
use crate::registry::client::{DocumentAge, ListingError};

impl Registries {
    /// Returns the URL of an artifact at its registry: what the lock says of its place, else what the registry's document states,
    /// else the path that files of the ecosystem usually have. Mirrors and credentials are not in it.
    ///
    /// # Errors
    /// If only the registry's document knows the place, and it cannot be had or does not list the file.
    pub fn artifact_url(
        &self,
        key: &PackageKey,
        registry: &Label,
        artifact: &Artifact,
    ) -> Result<String, Arc<dyn Failure>> {
        self.state.artifact_url(key, registry, artifact)
    }
}

impl RegistriesState {
    fn artifact_url(&self, key: &PackageKey, label: &Label, artifact: &Artifact) -> Result<String, Arc<dyn Failure>> {
        let registry = self.registry(label, &key.id).map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
        let endpoint = &registry.client.endpoint;
        let at_home = |target: RequestTarget<'_>| endpoint.own_url(target).map(|url| url.to_string());
        if let Some(hint) = &artifact.location
            && let Some(url) = at_home(registry.protocol.hint_target(hint))
        {
            return Ok(url);
        }
        let usual = registry.protocol.default_path(&key.id.name, &artifact.file);
        let age = if usual.is_some() { DocumentAge::CacheOnly } else { DocumentAge::Any };
        let gone = || -> Arc<dyn Failure> {
            let (registry, package, file) = (label.clone(), key.id.name.clone(), artifact.file.clone());
            Arc::new(RegistryError::FileGone { registry, package, file })
        };
        let stated = match self.locate(registry, key, artifact, age) {
            Ok(stated) => stated,
            Err(_) if usual.is_some() => None,
            Err(ListingError::Failed(failure)) => return Err(failure),
            Err(ListingError::Missing) => return Err(gone()),
        };
        if let Some(location) = stated {
            if let Some(url) = location.hint.as_deref().and_then(|hint| at_home(registry.protocol.hint_target(hint))) {
                return Ok(url);
            }
            // A mirror's document may name any host above the usual path.
            if usual.as_deref().is_none_or(|path| !location.url.ends_with(path)) {
                return Ok(location.url);
            }
        }
        usual.as_deref().and_then(|path| at_home(RequestTarget::Below(path))).ok_or_else(gone)
    }
}
