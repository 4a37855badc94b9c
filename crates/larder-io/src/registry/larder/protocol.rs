//! The protocol of registries of private packages: static files, and an index file for each package.

use std::path::Path;
use std::sync::Arc;

use super::listing::{LarderListing, ReadLeaf};
use super::log::{LogOptions, RegistryLog};
use super::{index, mirror, reading};
use crate::diagnostic::Failure;
use crate::fs;
use crate::model::{Artifact, EntryPath, LogKey, PackageName, Settings};
use crate::package::{REGISTRY_FILE, RegistryFile};
use crate::registry::client::{ListingError, RegistryClient};
use crate::registry::mirror_folder::MirroredPackage;
use crate::registry::protocol::{PackageListing, Protocol};

/// The largest description of a registry.
const LARGEST: u64 = 1 << 16;

/// The folder of archives of a registry whose description was not read.
const ARTIFACTS: &str = "artifacts/";

pub(in crate::registry) struct LarderProtocol {
    log: Arc<RegistryLog>,
}

impl LarderProtocol {
    pub(in crate::registry) fn new(options: LogOptions) -> Self {
        Self { log: Arc::new(RegistryLog::new(options)) }
    }
}

/// Returns which archives of a package can be had. A folder that has a part of the registry has whole index files, and not every
/// archive that they name.
fn archives_that_are_there(client: &RegistryClient, name: &PackageName) -> impl Fn(&str) -> bool {
    let part = client.endpoint.mirror_folder().and_then(|folder| {
        let bytes = fs::read_up_to(&folder.join(REGISTRY_FILE), LARGEST).ok().flatten()?;
        let description = RegistryFile::parse(&bytes).ok().filter(|description| description.subset)?;
        Some(folder.join(&description.artifacts).join(name.as_str()))
    });
    move |file: &str| match &part {
        Some(part) if EntryPath::parse(file).is_ok() => !matches!(fs::stat(&part.join(file)), Ok(None)),
        _ => true,
    }
}
impl Protocol for LarderProtocol {
    fn lists_dependencies(&self) -> bool {
        true
    }

    fn cached_listing(&self, _: &RegistryClient, _: &PackageName, _: &Settings) -> Option<Arc<dyn PackageListing>> {
        None
    }

    fn fetch_listing(
        &self,
        client: &RegistryClient,
        name: &PackageName,
        _: &Settings,
    ) -> Result<Arc<dyn PackageListing>, ListingError> {
        let fetched = index::fetch(&self.log, client, name)?;
        let is_there = archives_that_are_there(client, name);
        let signers = self.log.signers(client).map_err(ListingError::Failed)?;
        let (log, own_client) = (Arc::clone(&self.log), client.clone());
        let read_leaf: ReadLeaf = Box::new(move |index| log.leaf(&own_client, index));
        Ok(Arc::new(LarderListing::new(name, client.name(), (signers, read_leaf), fetched, &is_there)))
    }

    /// `artifacts/orders-client/orders-client-2.1.0.tar.gz`
    fn default_path(&self, name: &PackageName, file: &str) -> Option<String> {
        let log = self.log.opened();
        let artifacts = log.as_ref().map_or(ARTIFACTS, |log| &log.description.artifacts);
        Some(format!("{artifacts}{name}/{file}"))
    }

    fn publications(&self, client: &RegistryClient) -> Result<Option<String>, Arc<dyn Failure>> {
        reading::description(client).map(|description| Some(description.api))
    }

    /// `api/v1/whoami`
    fn account(&self, client: &RegistryClient) -> Result<Option<String>, Arc<dyn Failure>> {
        reading::description(client).map(|description| Some(format!("{}whoami", description.api)))
    }

    fn believed_log_key(&self) -> Option<LogKey> {
        self.log.believed_key()
    }

    fn warnings(&self) -> Vec<String> {
        self.log.warnings()
    }

    fn mirrored_path(&self, name: &PackageName, artifact: &Artifact) -> String {
        format!("{ARTIFACTS}{name}/{}", artifact.file)
    }

    fn describe_mirrored(
        &self,
        client: &RegistryClient,
        packages: &[MirroredPackage],
        _: &Settings,
        folder: &Path,
    ) -> Result<usize, Arc<dyn Failure>> {
        mirror::describe(&self.log, client, packages, folder)
    }
}
