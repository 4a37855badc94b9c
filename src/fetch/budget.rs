//! How much memory the documents take that are read at the same time. Registries say what they like, in fifty answers at
//! once: the few that are large wait for each other.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What all large documents may take together.
const ALL: u64 = 512 << 20;

/// What every document may take without asking: more than all but a few packages' have.
pub(super) const SMALL: u64 = 8 << 20;

/// No document inflates to more times its size: repetitive ones come to some thirty.
const RATIO: u64 = 200;

/// Returns how much a packed document of this size may inflate to.
pub(super) fn most_inflated(packed: u64, limit: u64) -> u64 {
    packed.saturating_mul(RATIO).max(SMALL).min(limit)
}

/// What is left of the memory for large documents.
#[derive(Debug)]
pub(super) struct Budget {
    free: Mutex<u64>,
    freed: Condvar,
}

/// A part of the budget, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { free: Mutex::new(ALL), freed: Condvar::new() }
    }
}

impl Budget {
    /// Waits for a part of the budget. To be taken once for a document: who held some and waited for more could wait for
    /// ever.
    pub(super) fn take(self: &Arc<Self>, bytes: u64) -> Held {
        let bytes = bytes.min(ALL);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free < bytes).unwrap_or_else(PoisonError::into_inner);
        *free -= bytes;
        Held { budget: Arc::clone(self), bytes }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.budget.free.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn large_documents_wait_for_each_other() {
        let budget = Arc::new(Budget::default());
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for size in [ALL, ALL / 2, ALL / 3, 5 * ALL, ALL / 2, 1] {
                scope.spawn({
                    let (budget, now, most) = (&budget, &now, &most);
                    move || {
                        let held = budget.take(size);
                        let taken = now.fetch_add(held.bytes, Ordering::SeqCst) + held.bytes;
                        most.fetch_max(taken, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(held.bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= ALL);
        assert_eq!(*budget.free.lock().unwrap(), ALL);
    }

    #[test]
    fn a_bomb_is_known_by_its_ratio() {
        assert_eq!(most_inflated(1000, 256 << 20), SMALL);
        assert_eq!(most_inflated(1 << 20, 256 << 20), 200 << 20);
        assert_eq!(most_inflated(1 << 30, 256 << 20), 256 << 20);
    }
}
