//! What was fetched from outside of registries, on its way into the store.

use std::io;
use std::sync::Arc;

use crate::fetch::{ArtifactSource, Body, SourceError};
use crate::fs;
use crate::model::{Artifact, ArtifactOwner, Origin};
use crate::registry::FetchedSource;

/// An artifact that was fetched already: it is unpacked and checked like one that arrives.
pub(in crate::ops) struct FetchedFile<'a>(pub(in crate::ops) &'a FetchedSource);

impl ArtifactSource for FetchedFile<'_> {
    fn open(
        &self,
        _: &ArtifactOwner,
        _: &Origin,
        artifact: &Artifact,
    ) -> std::result::Result<(Body, Option<u64>), SourceError> {
        let failed = |error: io::Error| {
            Arc::new(fs::FsError::new(fs::Action::Read, artifact.file.as_str(), error)) as SourceError
        };
        self.0.open().map_err(failed)
    }
}
