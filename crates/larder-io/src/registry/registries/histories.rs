//! Histories of private packages, compared with what a lock witnessed.

use super::{Registries, failed};
use crate::model::{History, Origin, PackageId};
use crate::registry::RegistryError;
use crate::resolve::IndexError;

impl Registries {
    /// Makes sure that the history of a private package begins as a lock witnessed it.
    pub fn check_history(&self, package: &PackageId, witnessed: &History) -> Result<(), IndexError> {
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
