//! Opening the files of artifacts: those that registries have, and those that lie inside other files.

use std::sync::Arc;

use super::{RegistriesState, RegistryEntry};
use crate::fetch::{Response, SourceError};
use crate::model::{Artifact, Label, Origin, PackageKey};
use crate::registry::cache::CachePolicy;
use crate::registry::client::{DocumentAge, FileLocation, ListingError};
use crate::registry::once::lock;
use crate::registry::open_artifact::open_artifact;
use crate::registry::protocol::PackageListing;

impl RegistriesState {
    /// Returns the content of an artifact that lies inside another file. Returns `None` if it is a file of its own.
    pub(super) fn open_inside(
        &self,
        key: &PackageKey,
        label: &Label,
        artifact: &Artifact,
    ) -> Option<Result<Vec<u8>, SourceError>> {
        // That the registry cannot be asked is told by who opens files.
        let registry = self.registry(label, &key.id).ok()?;
        registry.protocol.open_inside(&registry.client, (&key.id.name, &key.version), artifact)
    }

    pub(super) fn open(&self, key: &PackageKey, label: &Label, artifact: &Artifact) -> Result<Response, SourceError> {
        let registry = self.registry(label, &key.id).map_err(|error| Arc::new(error) as SourceError)?;
        let locate = |age| self.locate(registry, key, artifact, age);
        open_artifact(&registry.client, &*registry.protocol, &key.id.name, artifact, &locate)
    }

    /// Returns the location of an artifact in the registry's document. The document has at most the given age.
    pub(super) fn locate(
        &self,
        registry: &RegistryEntry,
        key: &PackageKey,
        artifact: &Artifact,
        age: DocumentAge,
    ) -> Result<Option<FileLocation>, ListingError> {
        let location = |listing: &dyn PackageListing| listing.file_location(&key.version, &artifact.file);
        if age != DocumentAge::Revalidated {
            // While locking, the listing was already fetched.
            let known = lock(&self.packages).get(&key.id).cloned().and_then(|entry| entry.listing.try_get(|| None));
            let same = |listing: &Arc<dyn PackageListing>| {
                listing.versions().origin.as_ref().and_then(Origin::registry) == Some(registry.client.name())
            };
            if let Some(listing) = known.and_then(Result::ok).filter(same) {
                return Ok(location(&*listing));
            }
        }
        let policy = if age == DocumentAge::Revalidated { CachePolicy::Revalidate } else { CachePolicy::AnyAge };
        let client = registry.client.with_cache_policy(policy);
        if age == DocumentAge::CacheOnly && !client.has_cached_listing(key.id.name.as_str()) {
            return Ok(None);
        }
        registry.protocol.fetch_listing(&client, &key.id.name, &self.settings).map(|listing| location(&*listing))
    }
}
