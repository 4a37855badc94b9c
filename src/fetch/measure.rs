//! How much room artifacts take, where there is none to unpack even the first of them: a few are read and counted.

use std::path::Path;

use super::at_hand::find;
use super::wanted::Wanted;
use super::{FetchError, Folds, Source, format};
use crate::fs::{self, Demand, FsError};
use crate::store::{Store, StoreError};

/// Each of them is fetched for nothing but this.
const MEASURED: usize = 8;

/// Returns the failure of a run that found no room in the store before it began to fetch these artifacts.
pub fn no_room(store: &Store, source: &dyn Source, wanted: &[Wanted], error: FsError) -> FetchError {
    let missing: Vec<&Wanted> =
        wanted.iter().filter(|wanted| !matches!(find(store, wanted, Folds::default()), Ok(Some(_)))).collect();
    let Some(first) = missing.first() else { return StoreError::from(error).into() };
    let looked = &missing[..missing.len().min(MEASURED)];
    let measured = fs::map_parallel(looked, |wanted| Ok::<_, FsError>(measure(source, wanted, store.root())));
    let measured: Vec<Demand> = measured.into_iter().flatten().flatten().collect();
    let demand = measured.iter().fold(Demand::on(store.root()), |sum, demand| sum.and(*demand));
    FetchError::NoRoom {
        subject: Box::new(first.subject()),
        error: error.needing(demand),
        pending: missing.len() - measured.len(),
    }
}

/// Returns how much room an artifact takes on the disk of `place`, where its registry gives it.
pub(super) fn measure(source: &dyn Source, wanted: &Wanted, place: &Path) -> Option<Demand> {
    let (mut body, length) = source.open(&wanted.package, &wanted.registry, &wanted.artifact).ok()?;
    format::of(wanted.artifact.kind)?.measure(&mut body, length, place)
}
