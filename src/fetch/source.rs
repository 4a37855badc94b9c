//! Where the bytes of an artifact come from.

use std::sync::Arc;

use super::body::Body;
use crate::diagnostic::Failure;
use crate::model::{Artifact, Label, PackageKey};

/// Opens artifacts. The registries implement it; mirrors, tokens and retries are their business.
pub trait Source: Sync {
    /// Returns the artifact's bytes from their beginning, as they arrive, with their number where it is known.
    fn open(
        &self,
        package: &PackageKey,
        registry: &Label,
        artifact: &Artifact,
    ) -> Result<(Body, Option<u64>), SourceError>;
}

/// The registry's error, whole.
pub type SourceError = Arc<dyn Failure>;
