//! Python's protocol: an index page for each package, below the registry at the package's name (PEP 503, PEP 691).

use std::path::Path;
use std::sync::Arc;

use super::listing::{ListingFilter, PypiListing};
use super::page;
use super::pep658::MetadataAvailability;
use super::release;
use super::{location, mirror, record};
use crate::diagnostic::Failure;
use crate::fetch::{Authorization, Endpoint, FullResponse, RegistryAddress, RequestTarget};
use crate::manifest::RegistryForm;
use crate::model::{Artifact, PackageName, Settings, Version};
use crate::registry::client::{FileLocation, ListingError, ListingRequest, RegistryClient};
use crate::registry::listing_record::EncodedRecord;
use crate::registry::mirror_folder::{MirroredPackage, describe_each};
use crate::registry::protocol::{AttestationDocument, PackageListing, Protocol};
use crate::registry::release::{PackedRelease, ReleaseFolder};

const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json;q=1, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

#[derive(Default)]
pub(in crate::registry) struct PypiProtocol {
    /// Observations about the registry's server.
    availability: Arc<MetadataAvailability>,
    form: RegistryForm,
}

impl PypiProtocol {
    pub(in crate::registry) fn new(form: RegistryForm) -> Self {
        Self { form, ..Self::default() }
    }

    pub(super) fn fetch(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        settings: &Settings,
    ) -> Result<PypiListing, ListingError> {
        let filter = ListingFilter::new(client, name, settings);
        let path = format!("{name}/");
        let target = match self.form {
            RegistryForm::Index | RegistryForm::Marketplace => RequestTarget::Below(&path),
            RegistryForm::Flat => RequestTarget::Itself,
        };
        let request = ListingRequest { package: name.as_str(), target, accept: ACCEPT, format: record::FORMAT };
        let encode = |document: &FullResponse| {
            page::read(name, &document.response.url, &document.bytes)
                .map(|files| EncodedRecord { header: record::encode(name, &files), body: Vec::new() })
                .map_err(|bad| -> Arc<dyn Failure> { Arc::new(bad.of(client.name(), name)) })
        };
        let listing = client.fetch_listing(&request, encode, |record| {
            PypiListing::decode(client, &self.availability, name, &filter, record)
        })?;
        // A page of all packages is there for those too of which it has nothing.
        let has_none = self.form == RegistryForm::Flat && listing.versions().candidates.is_empty();
        if has_none { Err(ListingError::Missing) } else { Ok(listing) }
    }
}

impl Protocol for PypiProtocol {
    fn describe_place(&self, place: RegistryAddress) -> RegistryAddress {
        match self.form {
            RegistryForm::Index | RegistryForm::Marketplace => location::with_files(place),
            // Files lie beside a page.
            RegistryForm::Flat => place.trusted_beside(),
        }
    }

    /// A token is a password. A user may precede it, separated by a colon.
    fn token_authorization(&self, token: &str) -> Authorization {
        match token.split_once(':') {
            Some((user, password)) => Authorization::basic(user, password),
            None => Authorization::basic("__token__", token),
        }
    }

    fn login_authorization(&self, user: &str, password: &str) -> Authorization {
        Authorization::basic(user, password)
    }

    fn release_includes(&self, _: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        vec!["dist/*".to_owned()]
    }

    fn pack_release(
        &self,
        client: &RegistryClient,
        folder: &ReleaseFolder<'_>,
    ) -> Result<Option<PackedRelease>, String> {
        release::pack_release(&client.endpoint, folder)
    }

    /// The metadata of a file is a file of its own, or part of it.
    fn lists_dependencies(&self) -> bool {
        false
    }

    fn cached_listing(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        settings: &Settings,
    ) -> Option<Arc<dyn PackageListing>> {
        let filter = ListingFilter::new(client, name, settings);
        let listing = client.cached_listing(name.as_str(), record::FORMAT, |record| {
            PypiListing::decode(client, &self.availability, name, &filter, record)
        })?;
        Some(Arc::new(listing))
    }

    fn fetch_listing(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        settings: &Settings,
    ) -> Result<Arc<dyn PackageListing>, ListingError> {
        Ok(Arc::new(self.fetch(client, name, settings)?))
    }

    fn hint_target<'h>(&self, hint: &'h str) -> RequestTarget<'h> {
        RequestTarget::Beside(hint)
    }

    fn is_content_addressed(&self, hint: &str, file: &str) -> bool {
        location::is_content_addressed(hint, file)
    }

    fn attestations(&self, name: &PackageName, version: &Version, file: &str) -> Option<AttestationDocument> {
        let path = format!("integrity/{name}/{version}/{file}/provenance");
        (self.form == RegistryForm::Index).then_some(AttestationDocument::Pep740(path))
    }

    fn stated_targets<'s>(
        &self,
        _: &PackageName,
        _: &Artifact,
        location: &'s FileLocation,
        endpoint: &Endpoint,
    ) -> Vec<RequestTarget<'s>> {
        let beside = location.hint.as_deref().map(RequestTarget::Beside);
        let is_there = beside.is_some_and(|beside| endpoint.stands_for(beside, &location.url));
        beside.into_iter().chain((!is_there).then_some(RequestTarget::At(&location.url))).collect()
    }

    fn mirror_address(&self) -> &'static str {
        match self.form {
            RegistryForm::Index | RegistryForm::Marketplace => mirror::PAGES,
            RegistryForm::Flat => "",
        }
    }

    fn mirrored_path(&self, name: &PackageName, artifact: &Artifact) -> String {
        match self.form {
            RegistryForm::Index | RegistryForm::Marketplace => mirror::file_path(name, artifact),
            RegistryForm::Flat => artifact.file.clone(),
        }
    }

    fn describe_mirrored(
        &self,
        client: &RegistryClient,
        packages: &[MirroredPackage],
        _: &Settings,
        folder: &Path,
    ) -> Result<usize, Arc<dyn Failure>> {
        match self.form {
            RegistryForm::Index | RegistryForm::Marketplace => {
                describe_each(packages, |package| mirror::describe(client, package, ACCEPT, folder))
            }
            // The folder's own list of files is its page.
            RegistryForm::Flat => Ok(0),
        }
    }
}
