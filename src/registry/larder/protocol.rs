//! The protocol of registries of private packages, which cannot be asked for packages so far.

use std::sync::Arc;

use crate::fetch::{Authorization, Endpoint, Place, Target};
use crate::model::{Artifact, PackageName, Settings};
use crate::registry::RegistryError;
use crate::registry::listing::{NoListing, Served, Stated};
use crate::registry::protocol::{Listing, Protocol};

pub(in crate::registry) struct Larder;

impl Protocol for Larder {
    fn place(&self, place: Place) -> Place {
        place
    }

    fn token(&self, token: &str) -> Authorization {
        Authorization::bearer(token)
    }

    fn login(&self, user: &str, password: &str) -> Authorization {
        if user.is_empty() { Authorization::bearer(password) } else { Authorization::basic(user, password) }
    }

    fn lists_needs(&self) -> bool {
        true
    }

    fn kept(&self, _: &Served, _: &PackageName, _: &Settings) -> Option<Arc<dyn Listing>> {
        None
    }

    fn listing(&self, _: &Served, name: &PackageName, _: &Settings) -> Result<Arc<dyn Listing>, NoListing> {
        Err(NoListing::Failed(Arc::new(RegistryError::PrivatePackages { package: name.clone() })))
    }

    fn hinted<'h>(&self, hint: &'h str) -> Target<'h> {
        Target::Below(hint)
    }

    fn proves_itself(&self, _: &str, _: &str) -> bool {
        false
    }

    /// `artifacts/orders-client/orders-client-2.1.0.tar.gz`
    fn usual(&self, name: &PackageName, file: &str) -> Option<String> {
        Some(format!("artifacts/{name}/{file}"))
    }

    fn stated<'s>(&self, _: &PackageName, _: &Artifact, _: &'s Stated, _: &Endpoint) -> Vec<Target<'s>> {
        Vec::new()
    }
}
