//! Fetches many artifacts at the same time.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::artifact::{FetchContext, NotFetched, fetch};
use super::cpu_permits::CpuPermits;
use super::in_store::find_in_store;
use super::memory::Memory;
use super::requested::{FetchProgress, FetchStep, FetchedArtifact, RequestedArtifact};
use super::{ArtifactSource, FetchError, Limits};
use crate::fs::{self, Demand};
use crate::store::{Store, StoreError};

/// How artifacts are fetched.
#[derive(Clone, Copy)]
pub struct FetchOptions<'a> {
    /// How many artifacts are fetched at the same time.
    pub concurrency: usize,
    /// The limits for archives.
    pub limits: Limits,
    /// Is called with each step, from several threads.
    pub on_progress: &'a (dyn Fn(FetchProgress) + Sync),
}

impl Default for FetchOptions<'_> {
    fn default() -> Self {
        Self { concurrency: 50, limits: Limits::default(), on_progress: &|_| {} }
    }
}

impl fmt::Debug for FetchOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchOptions")
            .field("concurrency", &self.concurrency)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Makes sure that the store has all these artifacts, and returns them in the same order.
///
/// No thread is started if nothing is missing. The first failure, in the order of `wanted`, ends the run: artifacts after it are
/// stopped and those before it are finished, so that the same failure is reported every time.
pub fn fetch_all(
    store: &Store,
    source: &dyn ArtifactSource,
    wanted: &[RequestedArtifact],
    options: FetchOptions<'_>,
) -> Result<Vec<FetchedArtifact>, FetchError> {
    let mut fetched = fs::map_parallel(wanted, |wanted| {
        let found = find_in_store(store, wanted, options.limits.folds)?;
        if let Some(found) = &found {
            store.note_use(&found.tree.digest)?;
        }
        Ok::<_, FetchError>(found)
    })?;
    let mut missing: Vec<usize> = (0..wanted.len()).filter(|at| fetched[*at].is_none()).collect();
    let _span = tracing::info_span!("fetch", artifacts = wanted.len(), missing = missing.len()).entered();
    missing.sort_by_key(|at| !wanted[*at].native);
    let run = FetchRun {
        store,
        source,
        wanted,
        options,
        cpu_permits: CpuPermits::new(),
        memory: Memory::default(),
        missing,
        next: AtomicUsize::new(0),
        failed: AtomicUsize::new(usize::MAX),
        outcome: Mutex::default(),
    };
    if !run.missing.is_empty() {
        std::thread::scope(|scope| {
            for _ in 1..options.concurrency.min(run.missing.len()) {
                scope.spawn(|| run.work());
            }
            run.work();
        });
    }
    let outcome = run.outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((at, error)) = outcome.failure {
        let (demand, undone) = outcome.undone.unzip();
        let begun = outcome.fetched.len() + undone.unwrap_or_default();
        return Err(match (error, demand) {
            (FetchError::Store(StoreError::Fs(error)), Some(demand)) if error.is_disk_full() => FetchError::DiskFull {
                subject: Box::new(wanted[at].subject()),
                error: error.needing(demand),
                pending: run.missing.len().saturating_sub(begun),
            },
            (error, _) => error,
        });
    }
    for (at, one) in outcome.fetched {
        fetched[at] = Some(one);
    }
    Ok(fetched.into_iter().flatten().collect())
}

struct FetchRun<'a> {
    store: &'a Store,
    source: &'a dyn ArtifactSource,
    wanted: &'a [RequestedArtifact],
    options: FetchOptions<'a>,
    cpu_permits: CpuPermits,
    memory: Memory,
    /// Indices in `wanted`, in the order in which they are begun.
    missing: Vec<usize>,
    /// The index in `missing` of the next artifact to begin.
    next: AtomicUsize,
    /// The first index in `wanted` that failed so far.
    failed: AtomicUsize,
    outcome: Mutex<RunOutcome>,
}

#[derive(Default)]
struct RunOutcome {
    fetched: Vec<(usize, FetchedArtifact)>,
    /// The disk space and the number of the artifacts that were begun and not finished.
    undone: Option<(Demand, usize)>,
    failure: Option<(usize, FetchError)>,
}

impl FetchRun<'_> {
    fn work(&self) {
        while let Some(&at) = self.missing.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if self.failed.load(Ordering::Relaxed) < at {
                continue;
            }
            let tell = |step| self.tell(at, step);
            let undone = |demand: Demand| {
                let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
                outcome.undone = Some(match outcome.undone {
                    Some((known, count)) => (known.and(demand), count + 1),
                    None => (demand, 1),
                });
            };
            let context = FetchContext {
                store: self.store,
                source: self.source,
                limits: self.options.limits,
                cpu_permits: &self.cpu_permits,
                memory: &self.memory,
                tell: &tell,
                undone: &undone,
            };
            let result = fetch(&context, &self.wanted[at]);
            let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(fetched) => {
                    outcome.fetched.push((at, fetched));
                    drop(outcome);
                    let _ = tell(FetchStep::Finished);
                }
                Err(NotFetched::Stopped) => {}
                Err(NotFetched::Failed(error)) => {
                    self.failed.fetch_min(at, Ordering::Relaxed);
                    if outcome.failure.as_ref().is_none_or(|(first, _)| at < *first) {
                        outcome.failure = Some((at, error));
                    }
                }
            }
        }
    }

    fn tell(&self, at: usize, step: FetchStep) -> ControlFlow<()> {
        (self.options.on_progress)(FetchProgress { wanted: at, step });
        if self.failed.load(Ordering::Relaxed) < at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
