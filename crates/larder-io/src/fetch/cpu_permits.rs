//! Limits how many threads unpack at once: many artifacts arrive at the same time, and few are worked on.
//!
//! Threads that wait for the network cost nothing. More threads that unpack than there are processors only hold more memory
//! and get in each other's way.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Two permits for each processor, as one of the two threads may wait for the disk.
///
/// A resumed thread gets a permit before a new one, so that a large artifact is not overtaken each time it waits for data.
#[derive(Debug)]
pub(super) struct CpuPermits {
    state: Mutex<PermitState>,
    /// Notified when a new thread may begin.
    begin: Condvar,
    /// Notified when a paused thread may resume.
    resume: Condvar,
}

#[derive(Debug)]
struct PermitState {
    free: usize,
    /// How many threads wait to resume.
    resuming: usize,
}

/// The right to keep a processor busy; given back when it is dropped.
#[derive(Debug)]
pub(super) struct CpuPermit<'a>(&'a CpuPermits);

impl CpuPermits {
    /// Returns two permits for each processor.
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_count(2 * processors)
    }

    fn with_count(count: usize) -> Self {
        let state = Mutex::new(PermitState { free: count, resuming: 0 });
        Self { state, begin: Condvar::new(), resume: Condvar::new() }
    }

    /// Waits for a permit.
    pub(super) fn acquire(&self) -> CpuPermit<'_> {
        let mut state = lock(&self.state);
        while state.free == 0 || state.resuming > 0 {
            state = self.begin.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.free -= 1;
        self.notify(&state);
        CpuPermit(self)
    }

    fn resume(&self) {
        let mut state = lock(&self.state);
        state.resuming += 1;
        while state.free == 0 {
            state = self.resume.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.resuming -= 1;
        state.free -= 1;
        self.notify(&state);
    }

    fn release(&self) {
        let mut state = lock(&self.state);
        state.free += 1;
        self.notify(&state);
    }

    /// Wakes one waiting thread, if there is a permit for it.
    fn notify(&self, state: &PermitState) {
        match state {
            PermitState { free: 0, .. } => {}
            PermitState { resuming: 0, .. } => self.begin.notify_one(),
            _ => self.resume.notify_one(),
        }
    }
}

impl CpuPermit<'_> {
    /// Calls `wait`, which waits for something else than a processor. Another thread may have the permit meanwhile.
    pub(super) fn pause<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.0.release();
        let result = wait();
        self.0.resume();
        result
    }
}

impl Drop for CpuPermit<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn no_more_threads_work_than_there_are_permits_and_all_of_them_finish() {
        let permits = CpuPermits::with_count(2);
        let (working, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            working.fetch_sub(1, Ordering::SeqCst);
        };
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let permit = permits.acquire();
                    work();
                    permit.pause(std::thread::yield_now);
                    work();
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(done.into_inner(), 16);
        assert!(most.into_inner() <= 2);
        assert_eq!(permits.state.into_inner().unwrap().free, 2);
    }

    #[test]
    fn a_resumed_thread_comes_before_a_new_one() {
        let permits = CpuPermits::with_count(1);
        let order = Mutex::new(Vec::new());
        let ((started, start), (wakes, waits)) = (mpsc::channel(), mpsc::channel());
        std::thread::scope(|scope| {
            let (permits, order) = (&permits, &order);
            let first = permits.acquire();
            scope.spawn(move || {
                let permit = permits.acquire();
                started.send(()).unwrap();
                permit.pause(|| waits.recv().unwrap());
                lock(order).push("resumed");
            });
            first.pause(|| start.recv().unwrap());
            scope.spawn(|| {
                let _permit = permits.acquire();
                lock(order).push("new");
            });
            wakes.send(()).unwrap();
            while lock(&permits.state).resuming == 0 {
                std::thread::yield_now();
            }
            drop(first);
        });
        assert_eq!(order.into_inner().unwrap(), ["resumed", "new"]);
    }
}
