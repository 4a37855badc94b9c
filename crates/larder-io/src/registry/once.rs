//! Values that are computed once and shared between threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A value that is computed once. The first thread that needs it computes it, and the others wait.
#[derive(Debug)]
pub(super) struct OnceValue<T> {
    state: Mutex<OnceState<T>>,
    done: Condvar,
}

#[derive(Debug)]
enum OnceState<T> {
    Empty,
    Computing {
        /// Whether a thread waits for the value. Waking no one also costs a system call.
        has_waiters: bool,
    },
    Done(T),
}

impl<T: Clone> OnceValue<T> {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new(OnceState::Empty), done: Condvar::new() }
    }

    /// Returns the value. Computes it if no thread has begun to, and otherwise waits for it.
    pub(super) fn get(&self, compute: impl FnOnce() -> T) -> T {
        let mut state = lock(&self.state);
        loop {
            match &mut *state {
                OnceState::Done(value) => return value.clone(),
                OnceState::Computing { has_waiters } => {
                    *has_waiters = true;
                    state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                OnceState::Empty => break,
            }
        }
        *state = OnceState::Computing { has_waiters: false };
        drop(state);
        ComputeGuard(self).finish(compute())
    }

    /// Returns the value without waiting. Returns `None` if another thread is computing it, or `compute` returns `None`.
    pub(super) fn try_get(&self, compute: impl FnOnce() -> Option<T>) -> Option<T> {
        let mut state = lock(&self.state);
        match &*state {
            OnceState::Done(value) => return Some(value.clone()),
            OnceState::Computing { .. } => return None,
            OnceState::Empty => *state = OnceState::Computing { has_waiters: false },
        }
        drop(state);
        let guard = ComputeGuard(self);
        compute().map(|value| guard.finish(value))
    }

    fn set(&self, state: OnceState<T>) {
        let before = std::mem::replace(&mut *lock(&self.state), state);
        if matches!(before, OnceState::Computing { has_waiters: true }) {
            self.done.notify_all();
        }
    }
}

/// Marks a value as being computed. If the computation ends without a value, or in a panic, one of the waiting threads starts
/// over.
struct ComputeGuard<'a, T: Clone>(&'a OnceValue<T>);

impl<T: Clone> ComputeGuard<'_, T> {
    fn finish(self, value: T) -> T {
        self.0.set(OnceState::Done(value.clone()));
        value
    }
}

impl<T: Clone> Drop for ComputeGuard<'_, T> {
    fn drop(&mut self) {
        if !matches!(*lock(&self.0.state), OnceState::Done(_)) {
            self.0.set(OnceState::Empty);
        }
    }
}

/// Locks a mutex, ignoring poison: the state behind these mutexes is valid at every moment, even if a thread panics.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_value_is_computed_once() {
        let (once, computed) = (OnceValue::new(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(once.get(|| computed.fetch_add(1, Ordering::SeqCst)), 0));
            }
        });
        assert_eq!(computed.into_inner(), 1);
    }

    #[test]
    fn a_panic_leaves_no_thread_waiting() {
        let once = OnceValue::new();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| once.get(|| panic!("a bug"))));
        assert!(panicked.is_err());
        assert_eq!(once.get(|| 7), 7);
    }

    #[test]
    fn try_get_does_not_wait() {
        let once = OnceValue::new();
        assert_eq!(once.try_get(|| None), None);
        let inside = once.get(|| once.try_get(|| Some(1)).map_or(7, |_: i32| 0));
        assert_eq!((inside, once.try_get(|| None)), (7, Some(7)));
    }
}
