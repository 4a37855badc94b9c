//! npm's protocol: a packument for each package, below the registry at the package's name.

use std::path::Path;
use std::sync::Arc;

use super::listing::NpmListing;
use super::record::{self, BadDocument, PackumentForm};
use super::release;
use super::{location, mirror};
use crate::diagnostic::Failure;
use crate::fetch::{Endpoint, FullResponse, RequestTarget};
use crate::model::{Artifact, PackageName, Settings, Version};
use crate::registry::RegistryError;
use crate::registry::client::{FileLocation, ListingError, ListingRequest, RegistryClient};
use crate::registry::mirror_folder::{MirroredPackage, describe_each};
use crate::registry::protocol::{AttestationDocument, PackageListing, Protocol};
use crate::registry::release::{PackedRelease, ReleaseFolder};

const ABBREVIATED: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
const FULL: &str = "application/json; q=1.0, */*; q=0.8";

pub(in crate::registry) struct NpmProtocol {
    needs_signatures: bool,
}

impl NpmProtocol {
    /// Creates the protocol of a registry. `needs_signatures` tells whether listings have to have the registry's signatures.
    pub(in crate::registry) fn new(needs_signatures: bool) -> Self {
        Self { needs_signatures }
    }

    fn form(&self, settings: &Settings) -> PackumentForm {
        if self.needs_signatures { PackumentForm::Signed } else { PackumentForm::for_settings(settings) }
    }
}

impl Protocol for NpmProtocol {
    fn release_includes(&self, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        release::includes(read("package.json").as_deref())
    }

    fn pack_release(
        &self,
        client: &RegistryClient,
        folder: &ReleaseFolder<'_>,
    ) -> Result<Option<PackedRelease>, String> {
        release::pack_release(&client.endpoint, folder)
    }

    fn lists_dependencies(&self) -> bool {
        true
    }

    fn cached_listing(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        settings: &Settings,
    ) -> Option<Arc<dyn PackageListing>> {
        let form = self.form(settings);
        let listing = client
            .cached_listing(name.as_str(), record::FORMAT, |record| NpmListing::decode(client, name, form, record))?;
        Some(Arc::new(listing))
    }

    fn fetch_listing(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        settings: &Settings,
    ) -> Result<Arc<dyn PackageListing>, ListingError> {
        let form = self.form(settings);
        let path = name.as_str().replace('/', "%2f");
        let accept = accept(form);
        let request = ListingRequest {
            package: name.as_str(),
            target: RequestTarget::Below(&path),
            accept,
            format: record::FORMAT,
        };
        let encode = |document: &FullResponse| {
            record::encode(name, &document.bytes, form)
                .map_err(|bad| -> Arc<dyn Failure> { Arc::new(bad_document(client, name, bad)) })
        };
        let listing =
            client.fetch_listing(&request, encode, |record| NpmListing::decode(client, name, form, record))?;
        Ok(Arc::new(listing))
    }

    fn attestations(&self, name: &PackageName, version: &Version, _: &str) -> Option<AttestationDocument> {
        let name = name.as_str().replace('/', "%2f");
        Some(AttestationDocument::Bundles(format!("-/npm/v1/attestations/{name}@{version}")))
    }

    fn account(&self, _: &RegistryClient) -> Result<Option<String>, Arc<dyn Failure>> {
        Ok(Some("-/whoami".to_owned()))
    }

    fn advisories(&self) -> Option<&'static str> {
        Some("-/npm/v1/security/advisories/bulk")
    }

    fn default_path(&self, name: &PackageName, file: &str) -> Option<String> {
        Some(location::default_path(name, file))
    }

    fn stated_targets<'s>(
        &self,
        name: &PackageName,
        artifact: &Artifact,
        location: &'s FileLocation,
        endpoint: &Endpoint,
    ) -> Vec<RequestTarget<'s>> {
        let is_default = location::is_default(&location.url, &location::default_path(name, &artifact.file), endpoint);
        if is_default { Vec::new() } else { vec![RequestTarget::At(&location.url)] }
    }

    fn mirrored_path(&self, name: &PackageName, artifact: &Artifact) -> String {
        location::default_path(name, &artifact.file)
    }

    fn describe_mirrored(
        &self,
        client: &RegistryClient,
        packages: &[MirroredPackage],
        settings: &Settings,
        folder: &Path,
    ) -> Result<usize, Arc<dyn Failure>> {
        let form = self.form(settings);
        describe_each(packages, |package| mirror::describe(client, package, (form, accept(form)), folder))
    }
}

fn accept(form: PackumentForm) -> &'static str {
    if form >= PackumentForm::Full { FULL } else { ABBREVIATED }
}

fn bad_document(client: &RegistryClient, package: &PackageName, bad: BadDocument) -> RegistryError {
    let registry = client.name().clone();
    match bad {
        BadDocument::Unreadable(reason) => RegistryError::NpmMetadata { registry, package: package.clone(), reason },
        BadDocument::OtherPackage(answered) => {
            RegistryError::WrongPackage { registry, package: package.to_string(), answered }
        }
    }
}
