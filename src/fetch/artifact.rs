//! One artifact: found in the store, or fetched, verified, unpacked and put there.

use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;

use super::at_hand::find;
use super::cpu_permits::CpuPermits;
use super::error::RegistryError;
use super::format::{self, Arrival, Format, Unpacked};
use super::hashing::{Ahead, HashingReader};
use super::identity::check_unpacked;
use super::measure::measure;
use super::memory::Memory;
use super::unpack::{Refusal, Trouble, unpack_wheel};
use super::wanted::{Fetched, Step, Wanted};
use super::{FetchError, Limits, Source};
use crate::fs::Demand;
use crate::model::Digest;
use crate::store::{Staging, Store, StoreError};

/// How often a connection may break before the run ends.
const ATTEMPTS: usize = 3;

/// Where an artifact comes from, where it goes, and who is told.
pub(super) struct Route<'a> {
    pub(super) store: &'a Store,
    pub(super) source: &'a dyn Source,
    pub(super) limits: Limits,
    /// Limits how many artifacts are unpacked at once.
    pub(super) cpu_permits: &'a CpuPermits,
    /// What unpacking uses again and again.
    pub(super) memory: &'a Memory,
    /// Hears of each step, and may end the work.
    pub(super) tell: &'a dyn Fn(Step) -> ControlFlow<()>,
    /// Hears how much room an artifact took that did not come to its end.
    pub(super) undone: &'a dyn Fn(Demand),
}

/// Why there is no tree.
pub(super) enum End {
    Failed(FetchError),
    /// Who was told of a step wanted no more.
    Stopped,
}

impl<E: Into<FetchError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Brings an artifact into the store. A connection that breaks is tried again.
pub(super) fn fetch(route: &Route<'_>, wanted: &Wanted) -> Result<Fetched, End> {
    let Some(format) = format::of(wanted.artifact.kind) else {
        return Err(FetchError::NeedsBuild(Box::new(wanted.subject())).into());
    };
    let mut attempt = 1;
    loop {
        let waiting = |process| {
            let _ = (route.tell)(Step::Waiting { process });
        };
        let staging = match route.store.stage(wanted.artifact.digest.as_ref(), waiting) {
            Err(StoreError::Fs(error)) if error.is_disk_full() => {
                if let Some(demand) = measure(route.source, wanted, route.store.root()) {
                    (route.undone)(demand);
                }
                return Err(StoreError::from(error).into());
            }
            staging => staging?,
        };
        // Somebody else may have brought it since it was looked for.
        if let Some(fetched) = find(route.store, wanted, route.limits.folds)? {
            return Ok(fetched);
        }
        match transfer(route, wanted, format, staging) {
            Err(End::Failed(FetchError::Interrupted { .. })) if attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

fn transfer(route: &Route<'_>, wanted: &Wanted, format: &dyn Format, mut staging: Staging<'_>) -> Result<Fetched, End> {
    let _span = tracing::debug_span!("artifact", package = %wanted.package).entered();
    let (end, taken) = match arrive(route, wanted, format, &mut staging) {
        Err(end) => (end, staging.demand()),
        Ok((digest, bytes)) => match staging.commit(&digest) {
            Ok(tree) => return Ok(Fetched { tree, digest, bytes }),
            Err(error) => (End::from(error), Demand::on(route.store.root())),
        },
    };
    let known = match &end {
        End::Failed(FetchError::Store(StoreError::Fs(error))) => error.demand,
        _ => None,
    };
    (route.undone)(known.unwrap_or(taken));
    Err(end)
}

/// Unpacks what arrives, and returns its digest and how many bytes came.
fn arrive(
    route: &Route<'_>,
    wanted: &Wanted,
    format: &dyn Format,
    staging: &mut Staging<'_>,
) -> Result<(Digest, u64), End> {
    let (artifact, subject) = (&wanted.artifact, || Box::new(wanted.subject()));
    let (body, length) = route
        .source
        .open(&wanted.package, &wanted.registry, artifact)
        .map_err(|error| FetchError::Source(subject(), RegistryError(error)))?;
    stop_if((route.tell)(Step::Started { bytes: length }))?;

    let packed = Cell::new(0);
    let mut arrived = |bytes: usize| {
        packed.set(packed.get() + bytes as u64);
        let goes_on = (route.tell)(Step::Arrived { bytes }).is_continue() && packed.get() <= route.limits.packed;
        if goes_on { Ok(()) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
    };
    let ahead = Ahead::wait(body, &mut arrived);
    let permit = route.cpu_permits.acquire();
    stop_if((route.tell)(Step::Arrived { bytes: 0 }))?;
    let own = artifact.digest.as_ref().map_or_else(|| format.algorithm(), Digest::algorithm);
    let second = wanted.promised.first().map(Digest::algorithm).filter(|second| *second != own);
    let mut reader = HashingReader::new(ahead, own, second, &permit);
    let arrival = Arrival { length, packed: &packed, memory: route.memory, limits: route.limits };
    let unpacked = format.arrive(&mut reader, &arrival, staging)?;
    // Bytes that were tampered with may be no archive any more: say that they are not what was promised, not that.
    reader.drain();
    let failure = reader.take_failure();
    let (found, second) = reader.finish();
    if packed.get() > route.limits.packed {
        let refusal = Refusal::Archive(Trouble::TooLarge(route.limits.packed));
        return Err(FetchError::Refused { subject: subject(), refusal }.into());
    }
    if let Some(source) = failure.or_else(|| ended_early(length, packed.get())) {
        stop_if((route.tell)(Step::Arrived { bytes: 0 }))?;
        return Err(FetchError::Interrupted { subject: subject(), source }.into());
    }
    let also = second.as_ref().unwrap_or(&found);
    let own = artifact.digest.as_slice();
    for (expected, found) in [(own, &found), (&wanted.promised, also)] {
        if let Some(first) = expected.first().filter(|_| !expected.contains(found)) {
            let (expected, found) = (first.clone(), found.clone());
            return Err(FetchError::Integrity { subject: subject(), expected, found }.into());
        }
    }
    let unpacked = match unpacked {
        Unpacked::Spooled(spool) => {
            Unpacked::of(unpack_wheel(spool, &wanted.package, route.memory, staging, route.limits))?
        }
        other => other,
    };
    match unpacked {
        Unpacked::Not(refusal) => {
            let refusal = refusal.unwrap_or(Refusal::Archive(Trouble::Truncated));
            Err(FetchError::Refused { subject: subject(), refusal }.into())
        }
        Unpacked::Whole | Unpacked::Spooled(_) => {
            match check_unpacked(staging, format, &wanted.package).map_err(StoreError::from)? {
                Some(refusal) => Err(FetchError::Refused { subject: subject(), refusal }.into()),
                None => Ok((found, packed.get())),
            }
        }
    }
}

fn stop_if(flow: ControlFlow<()>) -> Result<(), End> {
    if flow.is_break() { Err(End::Stopped) } else { Ok(()) }
}

fn ended_early(length: Option<u64>, packed: u64) -> Option<io::Error> {
    length.filter(|length| packed < *length).map(|_| io::ErrorKind::UnexpectedEof.into())
}
