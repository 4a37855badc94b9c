//! Many artifacts at the same time.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::artifact::{End, Route, fetch};
use super::at_hand::find;
use super::cpu_permits::CpuPermits;
use super::memory::Memory;
use super::wanted::{Fetched, Progress, Step, Wanted};
use super::{FetchError, Limits, Source};
use crate::fs::{self, Demand};
use crate::store::{Store, StoreError};

/// How a run fetches.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// How many artifacts are fetched at the same time.
    pub concurrency: usize,
    /// How much an archive may hold.
    pub limits: Limits,
    /// Hears what happens, from several threads.
    pub on_progress: &'a (dyn Fn(Progress) + Sync),
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { concurrency: 50, limits: Limits::default(), on_progress: &|_| {} }
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("concurrency", &self.concurrency)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Makes sure that the store has all these artifacts, and returns them in the same order.
///
/// No thread is started where nothing is missing. The first failure, in the order of what is wanted, ends the run: what
/// comes after it is stopped, what came before it is finished, so that the same failure is reported every time.
pub fn fetch_all(
    store: &Store,
    source: &dyn Source,
    wanted: &[Wanted],
    options: Options<'_>,
) -> Result<Vec<Fetched>, FetchError> {
    let mut fetched = fs::map_parallel(wanted, |wanted| {
        let found = find(store, wanted, options.limits.folds)?;
        if let Some(found) = &found {
            store.note_use(&found.tree.digest)?;
        }
        Ok::<_, FetchError>(found)
    })?;
    let mut missing: Vec<usize> = (0..wanted.len()).filter(|at| fetched[*at].is_none()).collect();
    let _span = tracing::info_span!("fetch", artifacts = wanted.len(), missing = missing.len()).entered();
    missing.sort_by_key(|at| !wanted[*at].native);
    let run = Run {
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
            (FetchError::Store(StoreError::Fs(error)), Some(demand)) if error.is_disk_full() => FetchError::NoRoom {
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

struct Run<'a> {
    store: &'a Store,
    source: &'a dyn Source,
    wanted: &'a [Wanted],
    options: Options<'a>,
    cpu_permits: CpuPermits,
    memory: Memory,
    /// Places in `wanted`, in the order in which they begin.
    missing: Vec<usize>,
    /// The next of `missing` to begin with.
    next: AtomicUsize,
    /// The first place in `wanted` that failed so far.
    failed: AtomicUsize,
    outcome: Mutex<Outcome>,
}

#[derive(Default)]
struct Outcome {
    fetched: Vec<(usize, Fetched)>,
    /// How much room was taken by what did not come to its end, and how many artifacts that were.
    undone: Option<(Demand, usize)>,
    failure: Option<(usize, FetchError)>,
}

impl Run<'_> {
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
            let route = Route {
                store: self.store,
                source: self.source,
                limits: self.options.limits,
                cpu_permits: &self.cpu_permits,
                memory: &self.memory,
                tell: &tell,
                undone: &undone,
            };
            let result = fetch(&route, &self.wanted[at]);
            let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(fetched) => {
                    outcome.fetched.push((at, fetched));
                    drop(outcome);
                    let _ = tell(Step::Finished);
                }
                Err(End::Stopped) => {}
                Err(End::Failed(error)) => {
                    self.failed.fetch_min(at, Ordering::Relaxed);
                    if outcome.failure.as_ref().is_none_or(|(first, _)| at < *first) {
                        outcome.failure = Some((at, error));
                    }
                }
            }
        }
    }

    fn tell(&self, at: usize, step: Step) -> ControlFlow<()> {
        (self.options.on_progress)(Progress { wanted: at, step });
        if self.failed.load(Ordering::Relaxed) < at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
