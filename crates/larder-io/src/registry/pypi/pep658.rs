//! Metadata that is fetched although its index does not advertise it: `<wheel>.metadata` (PEP 658), and metadata at a mirror
//! whose pages name the public index's host.

use std::sync::atomic::{AtomicU32, Ordering};

/// The number of failures after which metadata counts as not available.
const MAX_MISSES: u32 = 4;
/// The state after a success.
const FOUND: u32 = u32::MAX;

/// The observations about one registry in this run. They affect which requests are made, and never a result.
#[derive(Debug, Default)]
pub(in crate::registry) struct MetadataAvailability {
    /// Whether wheels have a metadata file beside them.
    pub(super) wheels: Availability,
    /// Whether a mirror serves metadata at the path of the public index.
    pub(super) mirrored: Availability,
}

/// Whether a request is worth a try, judged by earlier ones.
#[derive(Debug, Default)]
pub(super) struct Availability(AtomicU32);

impl Availability {
    pub(super) fn is_likely(&self) -> bool {
        let state = self.0.load(Ordering::Relaxed);
        state == FOUND || state < MAX_MISSES
    }

    pub(super) fn record_success(&self) {
        self.0.store(FOUND, Ordering::Relaxed);
    }

    pub(super) fn record_failure(&self) {
        let count = |misses| (misses < MAX_MISSES).then(|| misses + 1);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
    }
}
