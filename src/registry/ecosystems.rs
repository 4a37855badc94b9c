//! The protocols of all ecosystems.

use std::sync::Arc;

use super::protocol::Protocol;
use super::{larder, npm, pypi};
use crate::model::{Ecosystem, PerEcosystem};

/// Creates the protocol of one registry.
type NewProtocol = fn() -> Arc<dyn Protocol>;

/// The protocols. Local folders have no registry.
const PROTOCOLS: PerEcosystem<Option<NewProtocol>> = PerEcosystem {
    npm: Some(|| Arc::new(npm::NpmProtocol)),
    pypi: Some(|| Arc::new(pypi::PypiProtocol::default())),
    larder: Some(|| Arc::new(larder::LarderProtocol)),
    path: None,
};

/// Creates the protocol of a registry. Returns `None` for an ecosystem without registries.
pub(super) fn new_protocol(ecosystem: Ecosystem) -> Option<Arc<dyn Protocol>> {
    PROTOCOLS.of(ecosystem).map(|protocol| protocol())
}
