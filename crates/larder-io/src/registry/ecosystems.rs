//! The protocols of all ecosystems.

use std::sync::Arc;

use super::RegistryOptions;
use super::protocol::Protocol;
use super::source_reader::{PreparationNeed, SourceFiles, SourceReader};
use super::{creatio, larder, npm, pypi};
use crate::manifest::Registry;
use crate::model::{Ecosystem, PackageId, PerEcosystem};

/// Creates the protocol of one registry.
type NewProtocol = fn(&Registry, &RegistryOptions) -> Arc<dyn Protocol>;

/// The protocols. Local folders and tools by URL have no registry.
const PROTOCOLS: PerEcosystem<Option<NewProtocol>> = PerEcosystem {
    npm: Some(|_, options| Arc::new(npm::NpmProtocol::new(options.needs_signatures))),
    pypi: Some(|registry, _| Arc::new(pypi::PypiProtocol::new(registry.form))),
    larder: Some(|registry, options| Arc::new(larder::LarderProtocol::new(options.log_options(registry)))),
    creatio: Some(|registry, _| Arc::new(creatio::CreatioProtocol::new(registry.form))),
    ..PerEcosystem::NONE
};

/// Creates the protocol of a registry. Returns `None` for an ecosystem without registries.
pub(super) fn new_protocol(registry: &Registry, options: &RegistryOptions) -> Option<Arc<dyn Protocol>> {
    PROTOCOLS.of(registry.ecosystem).map(|protocol| protocol(registry, options))
}

/// The readers of packages outside of registries.
const SOURCE_READERS: PerEcosystem<Option<&dyn SourceReader>> =
    PerEcosystem { npm: Some(&npm::NpmSourceReader), pypi: Some(&pypi::PypiSourceReader), ..PerEcosystem::NONE };

/// Returns the reader of an ecosystem's packages outside of registries. Returns `None` if it has none.
pub(super) fn source_reader(ecosystem: Ecosystem) -> Option<&'static dyn SourceReader> {
    *SOURCE_READERS.of(ecosystem)
}

/// Returns what the sources of a package are built with, by the word of their own files.
///
/// # Errors
/// The reason, as a sentence, if they cannot be read.
pub fn preparation_needs(package: &PackageId, files: &dyn SourceFiles) -> Result<Vec<PreparationNeed>, String> {
    source_reader(package.ecosystem).map_or(Ok(Vec::new()), |reader| reader.preparation_needs(&package.name, files))
}

/// Returns the paths of the files that make a package, of those that a build left in its folder.
///
/// # Errors
/// The reason, as a sentence, if they do not say which.
pub fn packed_files(package: &PackageId, files: &dyn SourceFiles) -> Result<Vec<String>, String> {
    source_reader(package.ecosystem).map_or(Ok(Vec::new()), |reader| reader.packed_files(files))
}
