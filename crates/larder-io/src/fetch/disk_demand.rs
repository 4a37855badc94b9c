//! The disk space that artifacts need, found by reading a few of them when the disk has no space to unpack even one.

use std::path::Path;

use super::in_store::find_in_store;
use super::requested::RequestedArtifact;
use super::{ArtifactSource, FetchError, NameFolding, format};
use crate::fs::{self, Demand, FsError};
use crate::store::{Store, StoreError};

/// How many artifacts are read. They are fetched for nothing else.
const MEASURED: usize = 8;

/// Returns the error of a run whose disk was full before it began to fetch these artifacts.
pub fn disk_full_error(
    store: &Store,
    source: &dyn ArtifactSource,
    wanted: &[RequestedArtifact],
    error: FsError,
) -> FetchError {
    let missing: Vec<&RequestedArtifact> = wanted
        .iter()
        .filter(|wanted| !matches!(find_in_store(store, wanted, NameFolding::default()), Ok(Some(_))))
        .collect();
    let Some(first) = missing.first() else { return StoreError::from(error).into() };
    let looked = &missing[..missing.len().min(MEASURED)];
    let measured = fs::map_parallel(looked, |wanted| Ok::<_, FsError>(disk_demand(source, wanted, store.root())));
    let measured: Vec<Demand> = measured.into_iter().flatten().flatten().collect();
    let demand = measured.iter().fold(Demand::on(store.root()), |sum, demand| sum.and(*demand));
    FetchError::DiskFull {
        subject: Box::new(first.subject()),
        error: error.needing(demand),
        pending: missing.len() - measured.len(),
    }
}

/// Returns the space that an artifact needs on the disk of `place`. Returns `None` if it cannot be fetched.
pub(super) fn disk_demand(source: &dyn ArtifactSource, wanted: &RequestedArtifact, place: &Path) -> Option<Demand> {
    let (mut body, length) = source.open(&wanted.owner, &wanted.origin, &wanted.artifact).ok()?;
    format::of(wanted.artifact.kind).measure(&mut body, length, place)
}
