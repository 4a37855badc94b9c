//! Which versions of a package an advisory is about.

use std::cmp::Ordering;

use crate::model::{AdvisorySeverity, Ecosystem, Version};

/// A package in an advisory, with the versions that it is about: those that are listed, and those in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AffectedPackage {
    /// The package's ecosystem.
    pub ecosystem: Ecosystem,
    /// The package's name, normalised.
    pub name: String,
    /// The severity for this package, if it is another than the advisory's own.
    pub severity: Option<AdvisorySeverity>,
    /// The listed versions.
    pub versions: Vec<String>,
    /// The ranges, as events in the order of the record.
    pub ranges: Vec<Vec<RangeEvent>>,
}

/// What happens at a version of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangeEvent {
    /// The first version that is affected. `0` is below every version.
    Introduced(String),
    /// The first version that is not affected any more.
    Fixed(String),
    /// The last version that is affected.
    LastAffected(String),
    /// The version below which the range counts. Of several limits one is enough.
    Limit(String),
}

impl RangeEvent {
    fn text(&self) -> &str {
        match self {
            Self::Introduced(text) | Self::Fixed(text) | Self::LastAffected(text) | Self::Limit(text) => text,
        }
    }
}

/// The version below all others.
pub(super) const FIRST: &str = "0";
/// The limit above all others.
const NO_LIMIT: &str = "*";

impl AffectedPackage {
    /// Returns whether a version is affected.
    ///
    /// A version that cannot be read makes nothing safe: it is introduced at the first, and fixed at none.
    pub fn covers(&self, version: &Version) -> bool {
        let order = |at: &Version| version.cmp_public(at);
        self.lists(version) || self.ranges.iter().any(|events| self.is_in_range(order, events))
    }

    /// Returns whether a range covers the versions that come right after one.
    pub fn covers_after(&self, version: &Version) -> bool {
        let order = |at: &Version| version.cmp_public(at).then(Ordering::Greater);
        self.ranges.iter().any(|events| self.is_in_range(order, events))
    }

    /// Returns the versions that are said to be the last with the fault.
    pub fn last(&self) -> impl Iterator<Item = Version> {
        let events = self.ranges.iter().flatten();
        events.filter_map(|event| match event {
            RangeEvent::LastAffected(text) => self.parse(text),
            RangeEvent::Introduced(_) | RangeEvent::Fixed(_) | RangeEvent::Limit(_) => None,
        })
    }

    /// Returns the versions that are said to be the first without the fault.
    pub fn fixed(&self) -> impl Iterator<Item = Version> {
        let events = self.ranges.iter().flatten();
        events.filter_map(|event| match event {
            RangeEvent::Fixed(text) => self.parse(text),
            RangeEvent::Introduced(_) | RangeEvent::LastAffected(_) | RangeEvent::Limit(_) => None,
        })
    }

    fn lists(&self, version: &Version) -> bool {
        let listed = |text: &String| {
            self.parse(text).map_or_else(|| *text == version.to_string(), |listed| version.cmp_public(&listed).is_eq())
        };
        self.versions.iter().any(listed)
    }

    /// Goes through the events in the order of their versions. Events of one version stay in the order of the record, in which
    /// a range that is fixed and introduced anew at once is written so; only a last affected version comes after the event that
    /// introduces it. `order` compares the version that is looked for with another one.
    fn is_in_range(&self, order: impl Fn(&Version) -> Ordering, events: &[RangeEvent]) -> bool {
        let is_limit = |event: &&RangeEvent| matches!(event, RangeEvent::Limit(_));
        let is_below = |limit: &RangeEvent| {
            limit.text() == NO_LIMIT || self.parse(limit.text()).is_none_or(|limit| order(&limit).is_lt())
        };
        if events.iter().any(|event| is_limit(&event)) && !events.iter().filter(is_limit).any(is_below) {
            return false;
        }
        let mut read: Vec<(&RangeEvent, Option<Version>)> = events
            .iter()
            .filter(|event| !is_limit(event))
            .map(|event| (event, self.parse(event.text())))
            .filter(|(event, at)| at.is_some() || matches!(event, RangeEvent::Introduced(_)))
            .collect();
        let is_last = |event: &RangeEvent| matches!(event, RangeEvent::LastAffected(_));
        read.sort_by(|(a, at), (b, other)| at.cmp(other).then_with(|| is_last(a).cmp(&is_last(b))));
        let mut is_affected = false;
        for (event, at) in read {
            // Of no version: below all.
            let order = at.map_or(Ordering::Greater, |at| order(&at));
            match event {
                RangeEvent::Introduced(_) if order.is_ge() => is_affected = true,
                RangeEvent::Fixed(_) if order.is_ge() => is_affected = false,
                RangeEvent::LastAffected(_) if order.is_gt() => is_affected = false,
                RangeEvent::Introduced(_)
                | RangeEvent::Fixed(_)
                | RangeEvent::LastAffected(_)
                | RangeEvent::Limit(_) => {}
            }
        }
        is_affected
    }

    /// Parses a version in the package's grammar. `1` and `1.0`, which SemVer does not know, are completed. Returns `None` if it
    /// is none, and for `0`.
    fn parse(&self, text: &str) -> Option<Version> {
        if text == FIRST {
            return None;
        }
        let parse = |text: &str| Version::parse(self.ecosystem, text).ok();
        parse(text).or_else(|| parse(&format!("{text}.0"))).or_else(|| parse(&format!("{text}.0.0")))
    }
}
