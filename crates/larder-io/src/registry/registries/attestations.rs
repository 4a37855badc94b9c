//! Attestations that registries keep of files, as Sigstore bundles.

use std::sync::Arc;

use super::{NETWORK_THREADS, Registries, RegistryEntry};
use crate::diagnostic::Failure;
use crate::fetch::{Network, Request};
use crate::model::{Artifact, Digest, Label, PackageKey};
use crate::parallel::map_parallel;
use crate::registry::RegistryError;
use crate::registry::cache::MetadataCache;
use crate::registry::provenance::now;

/// The most bytes of a document.
const LARGEST: u64 = 8 << 20;

/// For so long it counts that there is none, in seconds.
const FRESH: i64 = 24 * 60 * 60;

/// A file of a registry.
#[derive(Clone, Copy, Debug)]
pub struct AttestedFile<'a> {
    /// The package.
    pub package: &'a PackageKey,
    /// The registry.
    pub registry: &'a Label,
    /// The file.
    pub artifact: &'a Artifact,
}

impl Registries {
    /// Returns the bundles that registries keep of files, each as JSON, in the order of the files. What was found once stays in the
    /// cache; that there is none is asked again after a day.
    pub fn attestations(&self, files: &[AttestedFile<'_>]) -> Vec<Result<Vec<String>, Arc<dyn Failure>>> {
        map_parallel(files, NETWORK_THREADS, |file| self.attestations_of(file))
    }

    fn attestations_of(&self, file: &AttestedFile<'_>) -> Result<Vec<String>, Arc<dyn Failure>> {
        let AttestedFile { package, registry, artifact } = *file;
        let entry = self.state.registry(registry, &package.id);
        let RegistryEntry { client, protocol, .. } =
            entry.map_err(|error: RegistryError| Arc::new(error) as Arc<dyn Failure>)?;
        let Some(document) = protocol.attestations(&package.id.name, &package.version, &artifact.file) else {
            return Ok(Vec::new());
        };
        let key = format!("{}.attested", Digest::sha256_of(format!("{document:?}\0{:?}", artifact.digest)).to_hex());
        let is_offline = client.http.network() == Network::Offline;
        if let Some((fetched, bytes)) = cached(&client.cache, &key)
            && (is_offline || !bytes.is_empty() || (0..FRESH).contains(&now().saturating_sub(fetched)))
        {
            return Ok(document.bundles(&bytes));
        }
        let request = Request { target: document.target(), limit: Some(LARGEST), ..Request::default() };
        let bytes = match client.http.read(&client.endpoint, &request) {
            Ok(answer) => answer.bytes.clone(),
            Err(error) if error.is_not_found() => Vec::new(),
            Err(error) => return Err(Arc::new(error)),
        };
        client.cache.store_release(&key, &[&now().to_le_bytes()[..], &bytes].concat());
        Ok(document.bundles(&bytes))
    }
}

/// Returns when a document was fetched, in seconds since 1970, and the document; it is empty if there was none.
fn cached(cache: &MetadataCache, key: &str) -> Option<(i64, Vec<u8>)> {
    let content = cache.release(key)?;
    let (fetched, bytes) = content.split_first_chunk::<8>()?;
    Some((i64::from_le_bytes(*fetched), bytes.to_vec()))
}
