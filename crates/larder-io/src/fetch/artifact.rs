//! Fetches one artifact: verifies it, unpacks it and puts it into the store.

use std::cell::Cell;
use std::io;
use std::ops::ControlFlow;

use super::cpu_permits::CpuPermits;
use super::disk_demand::disk_demand;
use super::error::RegistryFailure;
use super::format::{self, Arrival, Format, Unpacked, Unspooling};
use super::hashing::{HashingReader, Lookahead};
use super::identity::check_unpacked;
use super::in_store::find_in_store;
use super::memory::Memory;
use super::requested::{FetchStep, FetchedArtifact, RequestedArtifact};
use super::unpack::{ArchiveFault, ArchiveRefusal};
use super::{ArtifactSource, FetchError, Limits};
use crate::fs::Demand;
use crate::model::Digest;
use crate::store::{Staging, Store, StoreError};

/// How often a connection may break before the run ends.
const ATTEMPTS: usize = 3;

/// What all artifacts of a run are fetched with.
pub(super) struct FetchContext<'a> {
    pub(super) store: &'a Store,
    pub(super) source: &'a dyn ArtifactSource,
    pub(super) limits: Limits,
    /// Limits how many artifacts are unpacked at once.
    pub(super) cpu_permits: &'a CpuPermits,
    /// Buffers for unpacking.
    pub(super) memory: &'a Memory,
    /// Is called with each step, and may end the work.
    pub(super) tell: &'a dyn Fn(FetchStep) -> ControlFlow<()>,
    /// Is called with the disk space of an artifact that could not be unpacked.
    pub(super) undone: &'a dyn Fn(Demand),
}

/// Why an artifact was not fetched.
pub(super) enum NotFetched {
    Failed(FetchError),
    /// `tell` ended the work.
    Stopped,
}

impl<E: Into<FetchError>> From<E> for NotFetched {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Brings an artifact into the store. A connection that breaks is tried again.
pub(super) fn fetch(context: &FetchContext<'_>, wanted: &RequestedArtifact) -> Result<FetchedArtifact, NotFetched> {
    let format = format::of(wanted.artifact.kind);
    let mut attempt = 1;
    loop {
        let waiting = |process| {
            let _ = (context.tell)(FetchStep::Waiting { process });
        };
        let staging = match context.store.stage(wanted.artifact.digest.as_ref(), waiting) {
            Err(StoreError::Fs(error)) if error.is_disk_full() => {
                if let Some(demand) = disk_demand(context.source, wanted, context.store.root()) {
                    (context.undone)(demand);
                }
                return Err(StoreError::from(error).into());
            }
            staging => staging?,
        };
        // Another process may have fetched it since it was looked for.
        if let Some(fetched) = find_in_store(context.store, wanted, context.limits.folds)? {
            return Ok(fetched);
        }
        match transfer(context, wanted, format, staging) {
            Err(NotFetched::Failed(FetchError::Interrupted { .. })) if attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

fn transfer(
    context: &FetchContext<'_>,
    wanted: &RequestedArtifact,
    format: &dyn Format,
    mut staging: Staging<'_>,
) -> Result<FetchedArtifact, NotFetched> {
    let _span = tracing::debug_span!("artifact", owner = %wanted.owner).entered();
    let (end, taken) = match arrive(context, wanted, format, &mut staging) {
        Err(end) => (end, staging.demand()),
        Ok((digest, bytes)) => match staging.commit(&digest) {
            Ok(tree) => return Ok(FetchedArtifact { tree, digest, bytes }),
            Err(error) => (NotFetched::from(error), Demand::on(context.store.root())),
        },
    };
    let known = match &end {
        NotFetched::Failed(FetchError::Store(StoreError::Fs(error))) => error.demand,
        _ => None,
    };
    (context.undone)(known.unwrap_or(taken));
    Err(end)
}

/// Unpacks what arrives, and returns its digest and how many bytes came.
fn arrive(
    context: &FetchContext<'_>,
    wanted: &RequestedArtifact,
    format: &dyn Format,
    staging: &mut Staging<'_>,
) -> Result<(Digest, u64), NotFetched> {
    let (artifact, subject) = (&wanted.artifact, || Box::new(wanted.subject()));
    let (body, length) = context
        .source
        .open(&wanted.owner, &wanted.origin, artifact)
        .map_err(|error| FetchError::Source(subject(), RegistryFailure(error)))?;
    stop_if((context.tell)(FetchStep::Started { bytes: length }))?;

    let packed = Cell::new(0);
    let mut arrived = |bytes: usize| {
        packed.set(packed.get() + bytes as u64);
        let goes_on =
            (context.tell)(FetchStep::Arrived { bytes }).is_continue() && packed.get() <= context.limits.packed;
        if goes_on { Ok(()) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
    };
    let ahead = Lookahead::wait(body, &mut arrived);
    let permit = context.cpu_permits.acquire();
    stop_if((context.tell)(FetchStep::Arrived { bytes: 0 }))?;
    let own = artifact.digest.as_ref().map_or_else(|| format.algorithm(), Digest::algorithm);
    let second = wanted.promised.first().map(Digest::algorithm).filter(|second| *second != own);
    let mut reader = HashingReader::new(ahead, own, second, &permit);
    let arrival = Arrival { length, packed: &packed, memory: context.memory, limits: context.limits };
    let unpacked = format.arrive(&mut reader, &arrival, staging)?;
    // Bytes that were tampered with may be no valid archive: the wrong digest is what has to be reported.
    reader.drain();
    let failure = reader.take_failure();
    let (found, second) = reader.finish();
    if packed.get() > context.limits.packed {
        let refusal = ArchiveRefusal::Archive(ArchiveFault::TooLarge(context.limits.packed));
        return Err(FetchError::Refused { subject: subject(), refusal }.into());
    }
    if let Some(source) = failure.or_else(|| ended_early(length, packed.get())) {
        stop_if((context.tell)(FetchStep::Arrived { bytes: 0 }))?;
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
            let with = Unspooling { owner: &wanted.owner, memory: context.memory, limits: context.limits };
            format.unpack(spool, &with, staging)?
        }
        other => other,
    };
    match unpacked {
        Unpacked::Not(refusal) => {
            let refusal = refusal.unwrap_or(ArchiveRefusal::Archive(ArchiveFault::Truncated));
            Err(FetchError::Refused { subject: subject(), refusal }.into())
        }
        Unpacked::Whole | Unpacked::Spooled(_) => {
            match check_unpacked(staging, format, &wanted.owner).map_err(StoreError::from)? {
                Some(refusal) => Err(FetchError::Refused { subject: subject(), refusal }.into()),
                None => Ok((found, packed.get())),
            }
        }
    }
}

fn stop_if(flow: ControlFlow<()>) -> Result<(), NotFetched> {
    if flow.is_break() { Err(NotFetched::Stopped) } else { Ok(()) }
}

fn ended_early(length: Option<u64>, packed: u64) -> Option<io::Error> {
    length.filter(|length| packed < *length).map(|_| io::ErrorKind::UnexpectedEof.into())
}
