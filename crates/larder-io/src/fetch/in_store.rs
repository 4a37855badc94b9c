//! Artifacts that the store has already.

use super::identity::check_tree;
use super::requested::{FetchedArtifact, RequestedArtifact};
use super::unpack::check_names;
use super::{FetchError, NameFolding, format};
use crate::store::{Store, StoreError};

/// Returns an artifact that the store has already.
pub(super) fn find_in_store(
    store: &Store,
    wanted: &RequestedArtifact,
    folds: NameFolding,
) -> Result<Option<FetchedArtifact>, FetchError> {
    let refused = |refusal| FetchError::Refused { subject: Box::new(wanted.subject()), refusal };
    let Some(digest) = &wanted.artifact.digest else { return Ok(None) };
    let Some(tree) = store.tree(digest)? else { return Ok(None) };
    // Another project may accept names that collide on this one's platforms.
    if tree.twins {
        check_names(tree.entries.iter().map(|entry| &*entry.path), folds).map_err(refused)?;
    }
    let format = format::of(wanted.artifact.kind);
    if let Some(refusal) = check_tree(&tree, format, &wanted.owner).map_err(StoreError::from)? {
        return Err(refused(refusal));
    }
    Ok(Some(FetchedArtifact { tree, digest: digest.clone(), bytes: 0 }))
}
