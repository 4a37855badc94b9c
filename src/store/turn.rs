//! Whose turn it is, among the threads of a process, to unpack an artifact.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, PoisonError};

/// The artifacts that threads of this process unpack.
#[derive(Debug, Default)]
pub(super) struct Unpacking {
    names: Mutex<BTreeSet<String>>,
    freed: Condvar,
}

/// The right to unpack an artifact, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'u> {
    of: &'u Unpacking,
    name: String,
}

impl<'u> Turn<'u> {
    /// Waits until no other thread has the name.
    pub(super) fn take(of: &'u Unpacking, name: &str) -> Self {
        let mut names = of.names.lock().unwrap_or_else(PoisonError::into_inner);
        while !names.insert(name.to_owned()) {
            names = of.freed.wait(names).unwrap_or_else(PoisonError::into_inner);
        }
        Self { of, name: name.to_owned() }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.of.names.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
        self.of.freed.notify_all();
    }
}
