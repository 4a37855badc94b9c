//! Where the bytes of an artifact come from.

use std::sync::Arc;

use super::body::Body;
use crate::diagnostic::Failure;
use crate::model::{Artifact, ArtifactOwner, Origin};

/// Opens artifacts, wherever they come from. The registries implement it, with mirrors, tokens and retries.
pub trait ArtifactSource: Sync {
    /// Returns the artifact's bytes as they arrive, with their number if it is known.
    fn open(
        &self,
        owner: &ArtifactOwner,
        origin: &Origin,
        artifact: &Artifact,
    ) -> Result<(Body, Option<u64>), SourceError>;
}

/// A registry's error.
pub type SourceError = Arc<dyn Failure>;
