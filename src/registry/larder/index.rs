//! From a registry to the index file of a name.

use std::sync::Arc;

use crate::diagnostic::Failure;
use crate::fetch::{FullResponse, Request, RequestTarget};
use crate::model::PackageName;
use crate::package::{IndexFile, REGISTRY_FILE, RegistryFile, index_path};
use crate::registry::RegistryError;
use crate::registry::client::{ListingError, ListingRequest, RegistryClient};
use crate::registry::listing_record::EncodedRecord;
use crate::registry::once::OnceValue;

/// The version of the format in which the cache has index files: as they are.
const FORMAT: u32 = 1;

/// The folder of archives of a registry whose description was not read.
const ARTIFACTS: &str = "artifacts/";

/// The files of one registry, as far as they were read in this run.
pub(super) struct RegistryFiles {
    description: OnceValue<Result<Arc<RegistryFile>, Arc<dyn Failure>>>,
}

impl Default for RegistryFiles {
    fn default() -> Self {
        Self { description: OnceValue::new() }
    }
}

/// The index file of a package, as a registry has it.
pub(super) struct FetchedIndex {
    /// The file, and what it adds up to.
    pub(super) file: IndexFile,
    /// Whether it comes from the cache, and could be revalidated.
    pub(super) is_cached: bool,
}

impl RegistryFiles {
    /// Returns the folder of archives.
    pub(super) fn artifacts(&self) -> String {
        match self.description.try_get(|| None) {
            Some(Ok(description)) => description.artifacts.clone(),
            _ => ARTIFACTS.to_owned(),
        }
    }

    /// Returns the registry's description.
    fn description(&self, client: &RegistryClient) -> Result<Arc<RegistryFile>, Arc<dyn Failure>> {
        self.description.get(|| {
            let request = Request { target: RequestTarget::Below(REGISTRY_FILE), ..Request::default() };
            let document = client.http.read(&client.endpoint, &request);
            let document = document.map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
            let bad = |reason| -> Arc<dyn Failure> {
                let (registry, file) = (client.name().clone(), REGISTRY_FILE.to_owned());
                Arc::new(RegistryError::LarderFile { registry, file, reason })
            };
            RegistryFile::parse(&document.bytes).map(Arc::new).map_err(bad)
        })
    }
}

/// Returns the index file of a package, from the cache or from the registry.
pub(super) fn fetch(
    files: &RegistryFiles,
    client: &RegistryClient,
    name: &PackageName,
) -> Result<FetchedIndex, ListingError> {
    let description = files.description(client).map_err(ListingError::Failed)?;
    let path = format!("{}{}", description.index, index_path(name.as_str()));
    let request =
        ListingRequest { package: name.as_str(), target: RequestTarget::Below(&path), accept: "*/*", format: FORMAT };
    let parse = |bytes: Vec<u8>| {
        IndexFile::parse(name.as_str(), bytes).map_err(|fault| -> Arc<dyn Failure> {
            let (registry, file) = (client.name().clone(), path.clone());
            Arc::new(RegistryError::LarderFile { registry, file, reason: fault.to_string() })
        })
    };
    let encode = |document: &FullResponse| {
        parse(document.bytes.clone())?;
        Ok(EncodedRecord { header: document.bytes.clone(), body: Vec::new() })
    };
    client.fetch_listing(&request, encode, |record| {
        let is_cached = client.is_cached(&record);
        Some(FetchedIndex { file: parse(record.header().to_vec()).ok()?, is_cached })
    })
}
