//! What a registry has although its pages do not say so: metadata beside its wheels, and at a mirror the files of which its pages
//! say that they are on the public index's host.

use std::sync::atomic::{AtomicU32, Ordering};

/// After so many files without, and none with, nobody asks any more.
const ENOUGH: u32 = 4;
const FOUND: u32 = u32::MAX;

/// What was learned of one registry in this run. It changes what is asked, never what is answered.
#[derive(Debug, Default)]
pub(in crate::registry) struct MetadataBeside {
    /// Whether metadata lies beside wheels.
    pub(super) wheels: Likelihood,
    /// Whether a mirror has it where the public index has it.
    pub(super) mirrored: Likelihood,
}

/// Whether it is worth to look for something, from how often it was found.
#[derive(Debug, Default)]
pub(super) struct Likelihood(AtomicU32);

impl Likelihood {
    pub(super) fn is_likely(&self) -> bool {
        let seen = self.0.load(Ordering::Relaxed);
        seen == FOUND || seen < ENOUGH
    }

    pub(super) fn found(&self) {
        self.0.store(FOUND, Ordering::Relaxed);
    }

    pub(super) fn missed(&self) {
        let more = |seen| (seen < ENOUGH).then(|| seen + 1);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}
