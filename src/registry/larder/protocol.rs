//! The protocol of registries of private packages, which cannot be asked for packages so far.

use std::sync::Arc;

use crate::fetch::{Endpoint, Target};
use crate::model::{Artifact, PackageName, Settings};
use crate::registry::RegistryError;
use crate::registry::listing::{NoListing, Served, Stated};
use crate::registry::protocol::{Listing, Protocol};

pub(in crate::registry) struct Larder;

impl Protocol for Larder {
    fn lists_needs(&self) -> bool {
        true
    }

    fn kept(&self, _: &Served, _: &PackageName, _: &Settings) -> Option<Arc<dyn Listing>> {
        None
    }

    fn listing(&self, _: &Served, name: &PackageName, _: &Settings) -> Result<Arc<dyn Listing>, NoListing> {
        Err(NoListing::Failed(Arc::new(RegistryError::PrivatePackages { package: name.clone() })))
    }

    /// `artifacts/orders-client/orders-client-2.1.0.tar.gz`
    fn usual(&self, name: &PackageName, file: &str) -> Option<String> {
        Some(format!("artifacts/{name}/{file}"))
    }

    fn stated<'s>(&self, _: &PackageName, _: &Artifact, _: &'s Stated, _: &Endpoint) -> Vec<Target<'s>> {
        Vec::new()
    }
}
