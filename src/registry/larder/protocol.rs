//! The protocol of registries of private packages. Listings are not supported yet.

use std::sync::Arc;

use crate::fetch::{Endpoint, RequestTarget};
use crate::model::{Artifact, PackageName, Settings};
use crate::registry::RegistryError;
use crate::registry::client::{FileLocation, ListingError, RegistryClient};
use crate::registry::protocol::{PackageListing, Protocol};

pub(in crate::registry) struct LarderProtocol;

impl Protocol for LarderProtocol {
    fn lists_dependencies(&self) -> bool {
        true
    }

    fn cached_listing(&self, _: &RegistryClient, _: &PackageName, _: &Settings) -> Option<Arc<dyn PackageListing>> {
        None
    }

    fn fetch_listing(
        &self,
        _: &RegistryClient,
        name: &PackageName,
        _: &Settings,
    ) -> Result<Arc<dyn PackageListing>, ListingError> {
        Err(ListingError::Failed(Arc::new(RegistryError::PrivatePackages { package: name.clone() })))
    }

    /// `artifacts/orders-client/orders-client-2.1.0.tar.gz`
    fn default_path(&self, name: &PackageName, file: &str) -> Option<String> {
        Some(format!("artifacts/{name}/{file}"))
    }

    fn stated_targets<'s>(
        &self,
        _: &PackageName,
        _: &Artifact,
        _: &'s FileLocation,
        _: &Endpoint,
    ) -> Vec<RequestTarget<'s>> {
        Vec::new()
    }
}
