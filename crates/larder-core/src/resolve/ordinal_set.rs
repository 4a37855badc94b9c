//! Sets of versions: ordinals in merged, half-open intervals.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use pubgrub::VersionSet;

use super::variable::ABSENT;

/// A set of ordinals. Canonical: intervals are sorted, not empty, and neighbours are merged, so that equal sets are
/// equal values.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct OrdinalSet(Intervals);

/// Most sets are one interval and need no memory of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Intervals {
    None,
    One([(u32, u32); 1]),
    Many(Arc<[(u32, u32)]>),
}

impl OrdinalSet {
    /// Returns the ordinals below `end`.
    pub(super) fn below(end: u32) -> Self {
        Self::from_intervals(vec![(0, end)])
    }

    /// Returns the ordinals from `start` up to, but without, `end`.
    pub(super) fn between(start: u32, end: u32) -> Self {
        Self::from_interval(start, end)
    }

    /// Returns the ordinals of `bounds` that have a property.
    pub(super) fn filter(bounds: Range<u32>, mut property: impl FnMut(u32) -> bool) -> Self {
        let mut intervals: Vec<(u32, u32)> = Vec::new();
        for ordinal in bounds.filter(|&ordinal| property(ordinal)) {
            match intervals.last_mut() {
                Some(last) if last.1 == ordinal => last.1 += 1,
                _ => intervals.push((ordinal, ordinal + 1)),
            }
        }
        Self::from_intervals(intervals)
    }

    /// Returns whether nothing is in the set.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.0, Intervals::None)
    }

    /// Returns the ordinals from the highest down. The set must be bounded.
    pub(super) fn descending(&self) -> impl Iterator<Item = u32> + '_ {
        self.intervals().iter().rev().flat_map(|&(start, end)| (start..end).rev())
    }

    /// Returns one ordinal, or that the package is not there.
    pub(super) fn this_or_none(ordinal: u32) -> Self {
        Self::from_intervals(vec![(ordinal, ordinal + 1), (ABSENT, ABSENT + 1)])
    }

    /// Returns the number of ordinals.
    pub(super) fn len(&self) -> u32 {
        self.intervals().iter().map(|(start, end)| end - start).sum()
    }

    fn intervals(&self) -> &[(u32, u32)] {
        match &self.0 {
            Intervals::None => &[],
            Intervals::One(one) => one,
            Intervals::Many(many) => many,
        }
    }

    /// Wraps intervals that are sorted and do not touch; empty ones are left out.
    fn from_intervals(mut intervals: Vec<(u32, u32)>) -> Self {
        intervals.retain(|(start, end)| start < end);
        Self(match intervals[..] {
            [] => Intervals::None,
            [one] => Intervals::One([one]),
            _ => Intervals::Many(intervals.into()),
        })
    }
}

impl VersionSet for OrdinalSet {
    type V = u32;

    fn empty() -> Self {
        Self(Intervals::None)
    }

    fn full() -> Self {
        Self(Intervals::One([(0, u32::MAX)]))
    }

    fn singleton(ordinal: u32) -> Self {
        Self(Intervals::One([(ordinal, ordinal + 1)]))
    }

    fn complement(&self) -> Self {
        let mut start = 0;
        let mut gaps = Vec::with_capacity(self.intervals().len() + 1);
        for &(from, to) in self.intervals() {
            gaps.push((start, from));
            start = to;
        }
        gaps.push((start, u32::MAX));
        Self::from_intervals(gaps)
    }

    fn intersection(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.intervals(), other.intervals());
        if let ([a], [b]) = (left, right) {
            return Self::from_interval(a.0.max(b.0), a.1.min(b.1));
        }
        let mut common = Vec::with_capacity(left.len().max(right.len()));
        while let ([a, ..], [b, ..]) = (left, right) {
            common.push((a.0.max(b.0), a.1.min(b.1)));
            if a.1 <= b.1 { left = &left[1..] } else { right = &right[1..] }
        }
        Self::from_intervals(common)
    }

    fn union(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.intervals(), other.intervals());
        let mut merged: Vec<(u32, u32)> = Vec::with_capacity(left.len() + right.len());
        loop {
            let next = match (left, right) {
                ([a, ..], [b, ..]) if a.0 <= b.0 => take(&mut left, *a),
                ([_, ..] | [], [b, ..]) => take(&mut right, *b),
                ([a, ..], []) => take(&mut left, *a),
                ([], []) => return Self::from_intervals(merged),
            };
            match merged.last_mut() {
                Some(last) if next.0 <= last.1 => last.1 = last.1.max(next.1),
                _ => merged.push(next),
            }
        }
    }

    fn contains(&self, ordinal: &u32) -> bool {
        let intervals = self.intervals();
        let after = intervals.partition_point(|(start, _)| start <= ordinal);
        after > 0 && *ordinal < intervals[after - 1].1
    }

    fn is_disjoint(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.intervals(), other.intervals());
        while let ([a, ..], [b, ..]) = (left, right) {
            if a.0.max(b.0) < a.1.min(b.1) {
                return false;
            }
            if a.1 <= b.1 { left = &left[1..] } else { right = &right[1..] }
        }
        true
    }

    fn subset_of(&self, other: &Self) -> bool {
        let mut outer = other.intervals();
        self.intervals().iter().all(|&(start, end)| {
            while let [first, rest @ ..] = outer
                && first.1 < end
            {
                outer = rest;
            }
            outer.first().is_some_and(|first| first.0 <= start && end <= first.1)
        })
    }
}

impl OrdinalSet {
    fn from_interval(start: u32, end: u32) -> Self {
        Self(if start < end { Intervals::One([(start, end)]) } else { Intervals::None })
    }
}

fn take(intervals: &mut &[(u32, u32)], first: (u32, u32)) -> (u32, u32) {
    *intervals = &intervals[1..];
    first
}

impl fmt::Display for OrdinalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (start, end) in self.intervals() {
            write!(f, "[{start},{end})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for OrdinalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(mask: u16) -> OrdinalSet {
        OrdinalSet::filter(0..16, |ordinal| mask & (1 << ordinal) != 0)
    }

    proptest! {
        #[test]
        fn operations_agree_with_bit_masks(a: u16, b: u16, v in 0u32..16) {
            let (left, right) = (bits(a), bits(b));
            let all = OrdinalSet::below(16);
            prop_assert_eq!(left.intersection(&right), bits(a & b));
            prop_assert_eq!(left.union(&right), bits(a | b));
            prop_assert_eq!(left.complement().intersection(&all), bits(!a));
            prop_assert_eq!(left.complement().complement(), left.clone());
            prop_assert_eq!(left.is_disjoint(&right), a & b == 0);
            prop_assert_eq!(left.subset_of(&right), a & !b == 0);
            prop_assert_eq!(left.contains(&v), a & (1 << v) != 0);
            prop_assert_eq!(left.len(), a.count_ones());
        }
    }

    #[test]
    fn neighbours_merge() {
        assert_eq!(OrdinalSet::singleton(3).union(&OrdinalSet::singleton(4)).to_string(), "[3,5)");
        assert_eq!(OrdinalSet::full().complement(), OrdinalSet::empty());
    }
}
