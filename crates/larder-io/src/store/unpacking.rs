//! Keeps the threads of a process from unpacking the same artifact at once.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, PoisonError};

/// The artifacts that threads of this process are unpacking.
#[derive(Debug, Default)]
pub(super) struct OngoingUnpacks {
    names: Mutex<BTreeSet<String>>,
    freed: Condvar,
}

/// The exclusive right, among threads, to unpack an artifact. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct UnpackGuard<'u> {
    of: &'u OngoingUnpacks,
    name: String,
}

impl<'u> UnpackGuard<'u> {
    /// Waits until no other thread unpacks the artifact with this name.
    pub(super) fn take(of: &'u OngoingUnpacks, name: &str) -> Self {
        let mut names = of.names.lock().unwrap_or_else(PoisonError::into_inner);
        while !names.insert(name.to_owned()) {
            names = of.freed.wait(names).unwrap_or_else(PoisonError::into_inner);
        }
        Self { of, name: name.to_owned() }
    }
}

impl Drop for UnpackGuard<'_> {
    fn drop(&mut self) {
        self.of.names.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
        self.of.freed.notify_all();
    }
}
