//! Limits the memory of documents that are read at the same time. A registry may send fifty large documents at once: they wait
//! for each other.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The memory for all large documents together.
const ALL: u64 = 512 << 20;

/// The size up to which a document takes no share: few packages have larger ones.
pub(super) const SMALL: u64 = 8 << 20;

/// The highest compression ratio that is accepted: repetitive documents come to about thirty.
const RATIO: u64 = 200;

/// Returns how much a packed document of this size may inflate to.
pub(super) fn most_inflated(packed: u64, limit: u64) -> u64 {
    packed.saturating_mul(RATIO).max(SMALL).min(limit)
}

/// The memory for large documents that is free.
#[derive(Debug)]
pub(super) struct MemoryBudget {
    free: Mutex<u64>,
    freed: Condvar,
}

/// A share of the memory, given back when it is dropped.
#[derive(Debug)]
pub(super) struct MemoryShare {
    budget: Arc<MemoryBudget>,
    bytes: u64,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self { free: Mutex::new(ALL), freed: Condvar::new() }
    }
}

impl MemoryBudget {
    /// Waits for a share. A document takes one share: two that each held one and waited for another would wait forever.
    pub(super) fn take(self: &Arc<Self>, bytes: u64) -> MemoryShare {
        let bytes = bytes.min(ALL);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free < bytes).unwrap_or_else(PoisonError::into_inner);
        *free -= bytes;
        MemoryShare { budget: Arc::clone(self), bytes }
    }
}

impl Drop for MemoryShare {
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
        let budget = Arc::new(MemoryBudget::default());
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
