//! A package's versions as the solver counts them, with the sets that are computed from them once.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::sync::Arc;

use pubgrub::VersionSet;
use rustc_hash::FxHashMap;

use crate::model::{Label, Platform, Version};

use super::index::{Candidate, Versions};
use super::ordinal_set::OrdinalSet;

/// A package's versions, with the sets that are computed from them once.
pub(super) struct VersionTable {
    pub(super) versions: Arc<Versions>,
    /// The version that its authors recommend: the one that the dist-tag `latest` stands for.
    pub(super) latest: Option<u32>,
    /// Why there are no versions, if the package does not exist.
    pub(super) missing: Option<NoVersions>,
    /// The versions that may be chosen at all.
    pub(super) usable: OrdinalSet,
    /// The places of the versions that the old lock chose, ascending.
    pub(super) locked: Vec<u32>,
    /// Whether Python pre-releases are as good as final versions.
    pub(super) prereleases: bool,
    /// The usable versions that each range stands for.
    sets: RefCell<FxHashMap<Box<str>, OrdinalSet>>,
    with_wheels: [OnceCell<OrdinalSet>; Platform::ALL.len()],
    without_wheels: OnceCell<OrdinalSet>,
    source_only: OnceCell<OrdinalSet>,
    bucket_starts: OnceCell<Vec<u32>>,
}

/// Why a package has no versions at all.
pub(super) enum NoVersions {
    /// The registry does not have it.
    In(Label),
    /// No registry serves packages of its ecosystem.
    Everywhere,
}

/// Writes it as a clause: "registry npmjs does not have it".
impl fmt::Display for NoVersions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(registry) => write!(f, "registry {registry} does not have it"),
            Self::Everywhere => f.write_str("no registry serves such packages"),
        }
    }
}

impl VersionTable {
    /// Starts with versions of which none is usable.
    pub(super) fn new(versions: Arc<Versions>) -> Self {
        Self {
            versions,
            latest: None,
            missing: None,
            usable: OrdinalSet::empty(),
            locked: Vec::new(),
            prereleases: false,
            sets: RefCell::default(),
            with_wheels: Default::default(),
            without_wheels: OnceCell::new(),
            source_only: OnceCell::new(),
            bucket_starts: OnceCell::new(),
        }
    }

    /// Returns the usable versions of a range. `admitted` returns all that the range stands for; it is called once for a range.
    pub(super) fn usable_of(&self, range: &str, admitted: impl FnOnce() -> OrdinalSet) -> OrdinalSet {
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
    pub(super) fn with_wheels(&self, platform: Platform) -> &OrdinalSet {
        self.with_wheels[platform as usize].get_or_init(|| {
            OrdinalSet::filter(0..self.count(), |ordinal| self.candidate(ordinal).wheels.contains(platform))
        })
    }

    /// Returns the versions that have no wheel for any declared platform.
    pub(super) fn without_wheels(&self) -> &OrdinalSet {
        let has_none = |ordinal| self.candidate(ordinal).has_no_wheel();
        self.without_wheels.get_or_init(|| OrdinalSet::filter(0..self.count(), has_none))
    }

    /// Returns whether no version has a wheel that counts.
    pub(super) fn is_never_built(&self) -> bool {
        OrdinalSet::below(self.count()).subset_of(self.without_wheels())
    }

    /// Returns the versions of which there is nothing but a source distribution for the declared platforms. One that has
    /// a wheel for some of them is not built for the others.
    pub(super) fn source_only(&self) -> &OrdinalSet {
        self.source_only
            .get_or_init(|| OrdinalSet::filter(0..self.count(), |ordinal| self.candidate(ordinal).is_source_only()))
    }

    /// Returns the first version of each semver-compatible bucket, ascending. `is_compatible` compares neighbouring versions; it
    /// is called once for each pair.
    pub(super) fn bucket_starts(&self, is_compatible: impl Fn(&Version, &Version) -> bool) -> &[u32] {
        self.bucket_starts.get_or_init(|| {
            let version = |ordinal: u32| &self.candidate(ordinal).version;
            let starts = |&ordinal: &u32| ordinal == 0 || !is_compatible(version(ordinal - 1), version(ordinal));
            (0..self.count()).filter(starts).collect()
        })
    }

    /// Returns the versions of a set that need not be built; the whole set if all of them must be.
    pub(super) fn built_first(&self, set: &OrdinalSet) -> OrdinalSet {
        let built = set.intersection(&self.source_only().complement());
        if built.is_empty() { set.clone() } else { built }
    }

    /// Returns the locked versions.
    pub(super) fn locked_set(&self) -> OrdinalSet {
        self.locked.iter().fold(OrdinalSet::empty(), |set, &ordinal| set.union(&OrdinalSet::singleton(ordinal)))
    }

    /// Returns the highest locked version in a set.
    pub(super) fn locked_in(&self, range: &OrdinalSet) -> Option<u32> {
        self.locked.iter().rev().copied().find(|ordinal| range.contains(ordinal))
    }

    /// Returns the recommended version of a range: see [`recommended`].
    pub(super) fn preferred(&self, range: &OrdinalSet) -> Option<u32> {
        let latest = self.latest.filter(|place| range.contains(place));
        recommended(&self.versions.candidates, latest, range.descending())
    }
}

/// Returns `latest`, if there is one and it is not deprecated, else the highest version that is not deprecated, else the highest: npm's
/// own choice.
pub(super) fn recommended(
    candidates: &[Candidate],
    latest: Option<u32>,
    descending: impl Iterator<Item = u32>,
) -> Option<u32> {
    let is_fresh = |place: &u32| !candidates[*place as usize].deprecated;
    if let Some(latest) = latest.filter(is_fresh) {
        return Some(latest);
    }
    let mut highest = None;
    for place in descending {
        if is_fresh(&place) {
            return Some(place);
        }
        highest.get_or_insert(place);
    }
    highest
}
