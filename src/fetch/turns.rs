//! Turns at the processors: many artifacts arrive at the same time, few are worked on.
//!
//! Threads that wait for the network cost nothing; more threads that unpack than there are processors only hold more
//! memory and get in each other's way.

use std::sync::{Condvar, Mutex, PoisonError};

/// As many turns as there are processors.
#[derive(Debug)]
pub(super) struct Turns {
    free: Mutex<usize>,
    freed: Condvar,
}

/// The right to keep a processor busy; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self { free: Mutex::new(processors.max(2)), freed: Condvar::new() }
    }

    /// Waits for a turn.
    pub(super) fn take(&self) -> Turn<'_> {
        self.claim();
        Turn(self)
    }

    fn claim(&self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
    }

    fn give_back(&self) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
    }
}

impl Turn<'_> {
    /// Waits for something else than a processor, while another thread has the turn.
    pub(super) fn pause<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.0.give_back();
        let result = wait();
        self.0.claim();
        result
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_work_than_there_are_turns_and_all_of_it_is_done() {
        let turns = Turns { free: Mutex::new(2), freed: Condvar::new() };
        let (working, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            working.fetch_sub(1, Ordering::SeqCst);
        };
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| {
                    let turn = turns.take();
                    work();
                    turn.pause(std::thread::yield_now);
                    work();
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(done.into_inner(), 16);
        assert!(most.into_inner() <= 2);
        assert_eq!(turns.free.into_inner().unwrap(), 2);
    }
}
