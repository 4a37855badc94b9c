//! An index that answers only so much: what is asked for to say more of an error must not take long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::index::{Chosen, Index, IndexError, Release, Versions};
use crate::diagnostic::{Exit, Failure};
use crate::model::{PackageId, Platform, Requirement};

/// An index that fails once it was asked so often, or for so long. It fetches nothing ahead: most of that would be for nothing.
pub struct BoundedIndex<'a> {
    index: &'a dyn Index,
    /// How many more questions it answers.
    left: AtomicUsize,
    /// Until when it answers.
    end: Instant,
}

/// More was asked for than is answered.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("more was asked for than was to be")]
struct Exhausted;

impl Failure for Exhausted {
    fn exit(&self) -> Exit {
        Exit::NoSolution
    }
}

impl<'a> BoundedIndex<'a> {
    /// Creates one that answers so many questions for versions and what they need, repetitions counted, and until a time.
    pub fn new(index: &'a dyn Index, most: usize, end: Instant) -> Self {
        Self { index, left: AtomicUsize::new(most), end }
    }

    fn count(&self) -> Result<(), IndexError> {
        let counted = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if counted.is_err() || Instant::now() >= self.end {
            return Err(IndexError::Failed(Arc::new(Exhausted)));
        }
        Ok(())
    }
}

impl Index for BoundedIndex<'_> {
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError> {
        self.count()?;
        self.index.versions(package)
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError> {
        self.count()?;
        self.index.release(package, ordinal)
    }

    fn prefetch(&self, _: &[Requirement]) {}

    fn prefetch_releases(&self, _: &PackageId, _: &[u32]) {}

    fn by_platform(&self, chosen: &[Chosen]) -> Result<Vec<Option<Arc<Release>>>, IndexError> {
        self.index.by_platform(chosen)
    }

    fn oldest_system(&self, package: &PackageId, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        self.index.oldest_system(package, ordinal, platform)
    }
}
