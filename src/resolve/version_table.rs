//! A package's versions as the solver counts them, with the sets that are computed from them once.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use pubgrub::VersionSet;
use rustc_hash::FxHashMap;

use crate::model::{Label, Platform};

use super::index::{Candidate, Versions};
use super::set::Set;

/// A package's versions, with the sets that are computed from them once.
pub(super) struct VersionTable {
    pub(super) versions: Arc<Versions>,
    /// What npm's tag `latest` stands for.
    pub(super) latest: Option<u32>,
    /// The registry that does not have the package.
    pub(super) missing: Option<Label>,
    /// The versions that may be chosen at all.
    pub(super) usable: Set,
    /// The places of the versions that the old lock chose, ascending.
    pub(super) locked: Vec<u32>,
    /// Whether Python pre-releases are as good as final versions.
    pub(super) prereleases: bool,
    /// The usable versions that each range stands for.
    sets: RefCell<FxHashMap<Box<str>, Set>>,
    with_wheels: [OnceCell<Set>; Platform::ALL.len()],
    without_wheels: OnceCell<Set>,
    source_only: OnceCell<Set>,
}

impl VersionTable {
    /// Starts with versions of which none is usable.
    pub(super) fn new(versions: Arc<Versions>) -> Self {
        Self {
            versions,
            latest: None,
            missing: None,
            usable: Set::empty(),
            locked: Vec::new(),
            prereleases: false,
            sets: RefCell::default(),
            with_wheels: Default::default(),
            without_wheels: OnceCell::new(),
            source_only: OnceCell::new(),
        }
    }

    /// Returns the usable versions of a range. `admitted` returns all that the range stands for; it is called once for a range.
    pub(super) fn usable_of(&self, range: &str, admitted: impl FnOnce() -> Set) -> Set {
        if let Some(set) = self.sets.borrow().get(range) {
            return set.clone();
        }
        let set = admitted().intersection(&self.usable);
        self.sets.borrow_mut().insert(range.into(), set.clone());
        set
    }

    /// Returns the number of versions.
    pub(super) fn count(&self) -> u32 {
        self.versions.candidates.len() as u32
    }

    /// Returns a version with what the list tells of it.
    pub(super) fn candidate(&self, ordinal: u32) -> &Candidate {
        &self.versions.candidates[ordinal as usize]
    }

    /// Returns the versions that have a wheel for a platform.
    pub(super) fn with_wheels(&self, platform: Platform) -> &Set {
        self.with_wheels[platform as usize]
            .get_or_init(|| Set::filter(0..self.count(), |ordinal| self.candidate(ordinal).wheels.contains(platform)))
    }

    /// Returns the versions that have no wheel for any declared platform.
    pub(super) fn without_wheels(&self) -> &Set {
        let has_none = |ordinal| self.candidate(ordinal).has_no_wheel();
        self.without_wheels.get_or_init(|| Set::filter(0..self.count(), has_none))
    }

    /// Returns whether no version has a wheel that counts.
    pub(super) fn is_never_built(&self) -> bool {
        Set::below(self.count()).subset_of(self.without_wheels())
    }

    /// Returns the versions of which there is nothing but a source distribution for the declared platforms. One that has
    /// a wheel for some of them is not built for the others.
    pub(super) fn source_only(&self) -> &Set {
        self.source_only
            .get_or_init(|| Set::filter(0..self.count(), |ordinal| self.candidate(ordinal).is_source_only()))
    }

    /// Returns the versions of a set that need not be built; the whole set if all of them must be.
    pub(super) fn built_first(&self, set: &Set) -> Set {
        let built = set.intersection(&self.source_only().complement());
        if built.is_empty() { set.clone() } else { built }
    }

    /// Returns the highest locked version in a set.
    pub(super) fn locked_in(&self, range: &Set) -> Option<u32> {
        self.locked.iter().rev().copied().find(|ordinal| range.contains(ordinal))
    }
}
