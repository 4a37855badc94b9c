//! The input of the resolver.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Dependent, Label, LineKey, Marker, PackageId, PackageKey, PackageName, Requirement, Routes, Settings, Version,
};

/// A manifest line, by its place in [`Requirements::lines`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u32);

/// A line of `resolution` that changes what packages ask for, by its place in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleId {
    /// A place in [`Settings::overrides`].
    Override(u32),
    /// A place in [`Settings::extensions`].
    Extension(u32),
}

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredLine {
    /// The manifest that the line is in.
    pub dependent: Dependent,
    /// The group it is in; none for `dependencies`.
    pub group: Option<Label>,
    /// The requirement.
    pub requirement: Requirement,
    /// Whether the line may be left out if nothing matches.
    pub optional: bool,
    /// The condition of a line that is not a pypi one (whose requirement has its own).
    pub when: Marker,
    /// Whether this line admits pre-releases of its Python package.
    pub prereleases: bool,
}

impl RequiredLine {
    /// Returns what tells the line from those for other packages.
    pub fn key(&self) -> LineKey<'_> {
        (&self.dependent, self.group.as_ref(), self.requirement.ecosystem(), self.requirement.seen_as())
    }
}

/// Versions that are decided first and freed only where they are in a conflict: the lock's, less those that an
/// update wants moved.
#[derive(Clone, Debug, Default)]
pub struct Preferences {
    /// The preferred versions of each package.
    pub versions: BTreeMap<PackageId, BTreeSet<Version>>,
    /// What each package has under which name of npm's: where several versions are locked and would fit, none changes
    /// places.
    pub edges: BTreeMap<(PackageKey, PackageName), Version>,
    /// The version that each manifest has under each npm name.
    pub lines: BTreeMap<(Dependent, PackageName), Version>,
    /// The npm names for which each manifest asked by a dist-tag when it was locked, with the tag: what it stood for stays, though
    /// the tag moves on or goes.
    pub tags: BTreeSet<(Dependent, PackageName, String)>,
    /// Packages whose preferred versions have to be built. What such a version needs is known after its build, so a search that
    /// stops at it does not come to those behind it.
    pub source_only: BTreeSet<PackageId>,
    /// Versions that are not chosen, though nothing else would keep them away.
    pub excluded: BTreeMap<PackageId, BTreeSet<Version>>,
}

impl Preferences {
    /// Adds the dist-tags that lines ask by: they are the lines that were locked.
    pub fn keep_tags(&mut self, lines: &[RequiredLine]) {
        self.tags.extend(lines.iter().filter_map(|line| {
            let tag = line.requirement.tag()?.to_owned();
            Some((line.dependent.clone(), line.requirement.seen_as().clone(), tag))
        }));
    }

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
        self.tags.extend(others.tags);
        self.source_only.extend(others.source_only);
        self
    }
}

/// A problem to resolve.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    /// The manifests' lines, in order.
    pub lines: Vec<RequiredLine>,
    /// Platforms, runtimes and rules.
    pub settings: Settings,
    /// The versions of the old lock.
    pub preferences: Preferences,
    /// The registries of packages that come from several.
    pub routes: Routes,
}

impl Requirements {
    /// Returns the lines in the order in which they are decided: the project's before its members', `dependencies` before
    /// groups, then by the package that is asked for. Lines that are written in another order are the same problem.
    pub(super) fn lines_in_order(&self) -> Vec<LineId> {
        let mut order: Vec<LineId> = (0..self.lines.len() as u32).map(LineId).collect();
        order.sort_by_cached_key(|id| {
            let RequiredLine { dependent, group, requirement, optional, when, prereleases } =
                &self.lines[id.0 as usize];
            let package = requirement.package();
            let marker = requirement.marker().map(ToString::to_string).unwrap_or_default();
            let extras = requirement.extras().to_vec();
            let seen_as = requirement.seen_as();
            let is_renamed = *seen_as != package.name;
            let name = (package.name.as_str().to_lowercase(), package);
            let rest = (extras, marker, when.to_string(), *optional, *prereleases);
            (dependent.clone(), group.clone(), name, is_renamed, seen_as.clone(), requirement.range_text(), rest)
        });
        order
    }
}
