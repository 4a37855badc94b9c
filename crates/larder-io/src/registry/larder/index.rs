//! From a registry to the verified index file of a name.

use std::sync::Arc;

use super::log::RegistryLog;
use crate::diagnostic::Failure;
use crate::fetch::Network;
use crate::model::PackageName;
use crate::package::log::LogHash;
use crate::package::{IndexFile, index_path};
use crate::registry::RegistryError;
use crate::registry::client::{ListingError, RegistryClient};
use crate::registry::listing_record::{EncodedRecord, ListingRecord};
use crate::registry::provenance::{self, Provenance};

/// The version of the format in which the cache has index files: as they are.
const FORMAT: u32 = 1;

/// The index file of a package, as a registry's log stands for it.
pub(super) struct FetchedIndex {
    /// The file, and what it adds up to.
    pub(super) file: IndexFile,
    /// Whether it comes from the cache, and could be revalidated.
    pub(super) is_cached: bool,
}

/// Returns the index file of a package, from the cache if the registry's heads confirm it. Offline, as it was last.
pub(super) fn fetch(
    log: &RegistryLog,
    client: &RegistryClient,
    name: &PackageName,
) -> Result<FetchedIndex, ListingError> {
    let cached = client.cache.listing(name.as_str(), FORMAT);
    if client.http.network() == Network::Offline
        && let Some(record) = &cached
    {
        let file = parse(client, name, record.header().to_vec()).map_err(ListingError::Failed)?;
        return Ok(FetchedIndex { file, is_cached: client.is_cached(record) });
    }
    let Some(head) = log.head(client, name).map_err(ListingError::Failed)? else { return Err(ListingError::Missing) };
    let is_head = |record: &ListingRecord| LogHash::of_file(record.header()) == head.digest;
    if let Some(record) = cached.filter(is_head) {
        let file = parse(client, name, record.header().to_vec()).map_err(ListingError::Failed)?;
        return Ok(FetchedIndex { file, is_cached: false });
    }
    let description = &log.open(client).map_err(ListingError::Failed)?.description;
    let path = format!("{}{}", description.index, index_path(name.as_str()));
    let content = RegistryLog::index(client, &head, &path).map_err(ListingError::Failed)?;
    let file = parse(client, name, content).map_err(ListingError::Failed)?;
    let record = EncodedRecord { header: file.bytes().to_vec(), body: Vec::new() };
    let provenance = Provenance { fetched: provenance::now(), ..Provenance::default() };
    client.cache.store_listing(name.as_str(), FORMAT, &provenance, &record);
    Ok(FetchedIndex { file, is_cached: false })
}

fn parse(client: &RegistryClient, name: &PackageName, content: Vec<u8>) -> Result<IndexFile, Arc<dyn Failure>> {
    IndexFile::parse(name.as_str(), content).map_err(|fault| -> Arc<dyn Failure> {
        let (registry, file) = (client.name().clone(), format!("the index file of {name}"));
        Arc::new(RegistryError::LarderFile { registry, file, reason: fault.to_string() })
    })
}
