//! Turns at the processors: many artifacts arrive at the same time, few are worked on.
//!
//! Threads that wait for the network cost nothing; many more threads that unpack than there are processors only hold more
//! memory and get in each other's way.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Two turns for each processor: one of them may wait for the disk. Who goes on comes before who begins: what is large is
/// not overtaken at every pause, and does not come last.
#[derive(Debug)]
pub(super) struct Turns {
    state: Mutex<State>,
    /// Heard by those who wait to begin.
    begin: Condvar,
    /// Heard by those who wait to go on.
    go_on: Condvar,
    /// Memory that was used and is not: it need not be asked for again, and is in the processor's cache.
    used: Mutex<Vec<Vec<u8>>>,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// How many wait to go on.
    paused: usize,
}

/// The right to keep a processor busy; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of(2 * processors)
    }

    fn of(count: usize) -> Self {
        let state = Mutex::new(State { free: count, paused: 0 });
        Self { state, begin: Condvar::new(), go_on: Condvar::new(), used: Mutex::default() }
    }

    /// Waits for a turn.
    pub(super) fn take(&self) -> Turn<'_> {
        let mut state = lock(&self.state);
        while state.free == 0 || state.paused > 0 {
            state = self.begin.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.free -= 1;
        self.tell(&state);
        Turn(self)
    }

    fn go_on(&self) {
        let mut state = lock(&self.state);
        state.paused += 1;
        while state.free == 0 {
            state = self.go_on.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.paused -= 1;
        state.free -= 1;
        self.tell(&state);
    }

    fn give_back(&self) {
        let mut state = lock(&self.state);
        state.free += 1;
        self.tell(&state);
    }

    /// Tells one of those who wait, if there is a turn for it.
    fn tell(&self, state: &State) {
        match state {
            State { free: 0, .. } => {}
            State { paused: 0, .. } => self.begin.notify_one(),
            _ => self.go_on.notify_one(),
        }
    }
}

impl Turn<'_> {
    /// Calls `work` with so much memory, whatever is in it.
    pub(super) fn with_memory<T>(&self, size: usize, work: impl FnOnce(&mut [u8]) -> T) -> T {
        let mut memory = lock(&self.0.used).pop().unwrap_or_default();
        if memory.len() < size {
            memory.resize(size, 0);
        }
        let result = work(&mut memory[..size]);
        lock(&self.0.used).push(memory);
        result
    }

    /// Waits for something else than a processor, while another thread has the turn.
    pub(super) fn pause<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.0.give_back();
        let result = wait();
        self.0.go_on();
        result
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.give_back();
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
    fn no_more_work_than_there_are_turns_and_all_of_it_is_done() {
        let turns = Turns::of(2);
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
        assert_eq!(turns.state.into_inner().unwrap().free, 2);
    }

    #[test]
    fn who_goes_on_comes_before_who_begins() {
        let turns = Turns::of(1);
        let order = Mutex::new(Vec::new());
        let ((says, heard), (wakes, waits)) = (mpsc::channel(), mpsc::channel());
        std::thread::scope(|scope| {
            let (turns, order) = (&turns, &order);
            let first = turns.take();
            scope.spawn(move || {
                let turn = turns.take();
                says.send(()).unwrap();
                turn.pause(|| waits.recv().unwrap());
                lock(order).push("goes on");
            });
            first.pause(|| heard.recv().unwrap());
            scope.spawn(|| {
                let _turn = turns.take();
                lock(order).push("begins");
            });
            wakes.send(()).unwrap();
            while lock(&turns.state).paused == 0 {
                std::thread::yield_now();
            }
            drop(first);
        });
        assert_eq!(order.into_inner().unwrap(), ["goes on", "begins"]);
    }

    #[test]
    fn memory_is_used_again_and_as_large_as_it_is_asked_for() {
        let turns = Turns::of(1);
        let turn = turns.take();
        turn.with_memory(3, |memory| memory.fill(1));
        turn.with_memory(2, |memory| assert_eq!(memory, [1, 1]));
        turn.with_memory(4, |memory| assert_eq!(memory, [1, 1, 1, 0]));
        assert_eq!(lock(&turns.used).len(), 1);
    }
}
