//! What a lock witnesses of registries of private packages: their histories, and the keys of their logs.

use std::collections::BTreeMap;

use super::{Registries, failed};
use crate::model::{IndexHistory, Label, LogKey, Origin, PackageId};
use crate::registry::RegistryError;
use crate::resolve::IndexError;

impl Registries {
    /// Returns the keys of logs that were believed although the manifest names none, of the registries that were asked.
    pub fn believed_log_keys(&self) -> BTreeMap<Label, LogKey> {
        let keys = self.state.registries.iter();
        keys.filter_map(|(name, registry)| Some((name.clone(), registry.protocol.believed_log_key()?))).collect()
    }

    /// Makes sure that the history of a private package begins as a lock witnessed it.
    pub fn check_history(&self, package: &PackageId, witnessed: &IndexHistory) -> Result<(), IndexError> {
        let listing = self.state.listing(package)?;
        let found = listing.history(witnessed.lines);
        if found.as_ref() == Some(&witnessed.digest) {
            return Ok(());
        }
        let registry = listing.versions().origin.as_ref().map_or_else(String::new, Origin::described);
        let (package, witnessed) = (package.clone(), Box::new(witnessed.clone()));
        Err(failed(match found {
            Some(found) => RegistryError::OtherHistory { registry, package, witnessed, found },
            None => RegistryError::ShorterHistory { registry, package, witnessed },
        }))
    }
}
