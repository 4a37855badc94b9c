//! What a solve is to respect besides the manifest.

use std::collections::{BTreeMap, BTreeSet};

use crate::difference::PackageVersions;
use crate::import::locks::LockedVersions;
use crate::lock::Lockfile;
use crate::model::{Edition, Label, PackageId, Side, Version};
use crate::ops::registries::OpenOptions;
use crate::ops::runtimes::RuntimeChoice;
use crate::registry;
use crate::resolve::{Preferences, RequiredLine};

use super::age::AgeCutoff;

/// What a solve is to respect besides the manifest.
#[derive(Clone, Debug, Default)]
pub(in crate::ops) struct Wish<'a> {
    /// The lock whose digests are kept.
    pub(in crate::ops) old: Option<&'a Lockfile>,
    /// The lock whose versions are kept where they fit.
    pub(in crate::ops) kept: Option<&'a Lockfile>,
    /// The versions that other tools' lockfiles chose, preferred to those that are kept.
    pub(in crate::ops) chosen_elsewhere: Option<&'a LockedVersions>,
    /// Packages of which no version is kept.
    pub(in crate::ops) moved: BTreeSet<PackageId>,
    /// Packages whose build tools are chosen anew.
    pub(in crate::ops) rebuilt: BTreeSet<PackageId>,
    /// Versions that are not chosen.
    pub(in crate::ops) excluded: BTreeMap<PackageId, BTreeSet<Version>>,
    /// Versions that are preferred to those that are kept.
    pub(in crate::ops) wanted: PackageVersions,
    /// The side that `wanted` is about; on another it counts for the packages on which both agreed.
    pub(in crate::ops) wanted_on: Option<Side>,
    /// Whether locked runtimes stay.
    pub(in crate::ops) runtimes: RuntimeChoice,
    /// Whether the cutoff of `age` stays.
    pub(in crate::ops) age_cutoff: AgeCutoff,
    /// The edition of the built-in package extensions; `None` for this larder's own.
    pub(in crate::ops) edition: Option<Edition>,
    /// Whether registries are asked although a cache could answer.
    pub(in crate::ops) cache_policy: registry::CachePolicy,
    /// Packages whose registries are asked in any case.
    pub(in crate::ops) asked: BTreeSet<PackageId>,
    /// Groups that are locked whatever it takes, though no environment include them.
    pub(in crate::ops) asked_groups: BTreeSet<Label>,
    /// What becomes of patches that match nothing.
    pub(in crate::ops) unused_patches: UnusedPatches,
    /// Of how many contradictions an error tells.
    pub(in crate::ops) contradictions: Contradictions,
}

/// Of how many contradictions an error tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ops) enum Contradictions {
    /// Of all that are found soon.
    #[default]
    All,
    /// Of the first: it is only asked whether there is a solution.
    First,
}

/// What becomes of `patch` lines for versions that the solution does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ops) enum UnusedPatches {
    /// They are an error: each would silently do nothing.
    #[default]
    Refused,
    /// Whoever wrote the manifest commented them out: `init`, for tools that pass over patches of theirs.
    LeftOut,
}

impl<'a> Wish<'a> {
    /// Wishes to keep what a lock has.
    pub(in crate::ops) fn keeping(old: &'a Lockfile) -> Self {
        Self { old: Some(old), kept: Some(old), edition: old.edition(), ..Self::default() }
    }

    /// Returns what the registries are opened with.
    pub(in crate::ops) fn open_options(&self) -> OpenOptions {
        OpenOptions {
            cache_policy: self.cache_policy,
            revalidated: self.asked.clone(),
            locked_log_keys: self.old.map(|old| old.log_keys.clone()).unwrap_or_default(),
            ..OpenOptions::default()
        }
    }

    /// Returns the versions that are preferred on a side, by a project with these lines.
    pub(in crate::ops) fn preferences(&self, lines: &[RequiredLine], side: Option<&Side>) -> Preferences {
        let kept = |side| self.kept.map(|kept| kept.preferences(side)).unwrap_or_default();
        let mut preferences = match self.chosen_elsewhere {
            Some(others) => {
                let mut preferences = others.preferences().or(kept(side));
                // Another tool's lockfile was made for the lines that are there; a lock of the project's own may be older than they are.
                if self.kept.is_none_or(|kept| kept.graph.packages.is_empty()) {
                    preferences.keep_tags(lines);
                }
                preferences
            }
            None => kept(side),
        };
        let there = self.wanted_on.as_ref().filter(|wanted_on| side != Some(wanted_on)).map(|side| kept(Some(side)));
        for (package, versions) in &self.wanted {
            let agreed = |there: &Preferences| preferences.versions.get(package) == there.versions.get(package);
            if there.as_ref().is_none_or(agreed) {
                preferences.versions.insert(package.clone(), versions.iter().cloned().collect());
            }
        }
        preferences.versions.retain(|package, _| !self.moved.contains(package));
        preferences.excluded.clone_from(&self.excluded);
        preferences
    }
}
