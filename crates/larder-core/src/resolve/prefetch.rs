//! Which releases are requested before the solver asks for them: where one version after the other is refused, more and more
//! at the same time.

use std::collections::BTreeSet;

use super::ordinal_set::OrdinalSet;

/// After so many versions of a package, the next ones are expected.
const PATIENCE: usize = 3;
const FIRST_BATCH: usize = 8;
const LARGEST_BATCH: usize = 48;

/// The versions of one package that were asked for, or are expected to be.
#[derive(Debug, Default)]
pub(super) struct Prefetch {
    asked: BTreeSet<u32>,
    expected: BTreeSet<u32>,
    batch: usize,
}

impl Prefetch {
    /// Notes that a version is asked for, and returns those that follow it, once it is likely that they are next.
    pub(super) fn asks(&mut self, ordinal: u32, range: &OrdinalSet) -> Vec<u32> {
        if !self.asked.insert(ordinal) {
            return Vec::new();
        }
        self.expected.remove(&ordinal);
        if self.asked.len() < PATIENCE || self.expected.len() > self.batch / 2 {
            return Vec::new();
        }
        self.batch = (self.batch * 2).clamp(FIRST_BATCH, LARGEST_BATCH);
        let below = range.descending().skip_while(|&other| other >= ordinal);
        let is_new = |other: &u32| !self.asked.contains(other) && !self.expected.contains(other);
        let next: Vec<u32> = below.filter(is_new).take(self.batch).collect();
        self.expected.extend(&next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_versions_are_refused_the_more_are_expected() {
        let mut ahead = Prefetch::default();
        let mut known: BTreeSet<u32> = BTreeSet::new();
        let mut batches = Vec::new();
        for ordinal in (0..200).rev() {
            let next = ahead.asks(ordinal, &OrdinalSet::below(ordinal + 1));
            assert!(next.iter().all(|&next| next < ordinal && known.insert(next)), "each is expected once");
            batches.extend((!next.is_empty()).then_some(next.len()));
        }
        assert_eq!(batches, [8, 16, 32, 48, 48, 45]);
        assert!(ahead.asks(199, &OrdinalSet::below(200)).is_empty());
    }
}
