//! What is asked of the resolver.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Dependent, Label, Marker, PackageId, PackageKey, PackageName, Requirement, Routes, Settings, Version,
};

/// A manifest line, by its place in [`Requirements::lines`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u32);

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredLine {
    /// Whose manifest it is in.
    pub dependent: Dependent,
    /// The group it is in; none for `dependencies`.
    pub group: Option<Label>,
    /// What it asks for.
    pub requirement: Requirement,
    /// Whether it may go unmatched.
    pub optional: bool,
    /// The condition of a line that is not a pypi one (whose requirement has its own).
    pub when: Marker,
    /// Whether this line admits pre-releases of its Python package.
    pub prereleases: bool,
}

/// Versions that are decided first and freed only where they are in a conflict: the lock's, less those that an
/// update wants moved.
#[derive(Clone, Debug, Default)]
pub struct Preferences {
    /// Of each package.
    pub versions: BTreeMap<PackageId, BTreeSet<Version>>,
    /// What each package has under which name of npm's: where several versions are locked and would fit, none changes
    /// places.
    pub edges: BTreeMap<(PackageKey, PackageName), Version>,
    /// What each manifest has under which name of npm's.
    pub lines: BTreeMap<(Dependent, PackageName), Version>,
}

impl Preferences {
    /// Adds what others prefer where this has no preference.
    #[must_use]
    pub fn or(mut self, others: Self) -> Self {
        for (package, versions) in others.versions {
            self.versions.entry(package).or_insert(versions);
        }
        for (place, version) in others.edges {
            self.edges.entry(place).or_insert(version);
        }
        for (line, version) in others.lines {
            self.lines.entry(line).or_insert(version);
        }
        self
    }
}

/// One problem.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    /// The manifests' lines, in order.
    pub lines: Vec<RequiredLine>,
    /// Platforms, runtimes and rules.
    pub settings: Settings,
    /// What the old lock chose.
    pub preferences: Preferences,
    /// The registries of packages that come from several.
    pub routes: Routes,
}
