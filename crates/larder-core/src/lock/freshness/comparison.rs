//! Comparing locked edges with requirements.

use crate::model::{
    Ecosystem, Edge, ExtraName, Marker, Override, PackageName, Platform, PythonVersion, Requirement, Settings,
};

use super::covers;

/// Compares locked edges with requirements.
pub(super) struct LockComparison<'a> {
    pub(super) locked: &'a Settings,
    pub(super) wanted: &'a Settings,
    /// The Python for markers.
    pub(super) python: PythonVersion,
}

impl LockComparison<'_> {
    /// Returns whether an edge's target will do: for the requirement, or for what an override puts in its place. What a
    /// dist-tag stands for is not known here.
    pub(super) fn admits(&self, parent: Option<&PackageName>, wanted: &Requirement, edge: &Edge) -> bool {
        let target = &edge.to.package;
        let satisfies = |requirement: &Requirement| {
            requirement.package().is_same(&target.id)
                && (edge.unmet.is_some()
                    || requirement.tag().is_some()
                    || requirement.keeps_any_version()
                    || requirement.matches(&target.version))
        };
        satisfies(wanted) || self.overrides(parent, wanted).any(|one| one.replacement.as_ref().is_some_and(satisfies))
    }

    /// The overrides of a requirement.
    fn overrides<'a>(
        &'a self,
        parent: Option<&'a PackageName>,
        requirement: &'a Requirement,
    ) -> impl Iterator<Item = &'a Override> {
        self.wanted.overrides.iter().filter(move |one| one.applies_to(parent, requirement))
    }

    /// Returns whether an override stands in for a requirement, with conditions of its own.
    pub(super) fn is_overridden(&self, parent: Option<&PackageName>, requirement: &Requirement) -> bool {
        self.overrides(parent, requirement).next().is_some()
    }

    /// Returns the ecosystem of what stands in the place of a requirement: its own where no override applies.
    pub(super) fn ecosystem_after_overrides(
        &self,
        parent: Option<&PackageName>,
        requirement: &Requirement,
    ) -> Ecosystem {
        let applied = self.wanted.override_for(parent, requirement);
        applied.and_then(|(_, one)| one.replacement.as_ref()).unwrap_or(requirement).ecosystem()
    }

    /// Returns whether nothing is locked for a requirement: an override removes it, or the platform provides its package.
    pub(super) fn is_removed(&self, parent: Option<&PackageName>, requirement: &Requirement) -> bool {
        self.wanted.instance.provides(requirement)
            || self.overrides(parent, requirement).any(|one| one.replacement.is_none())
    }

    /// Returns whether edges hold exactly where a condition does; those of an optional line may be missing. Where platforms or Python have changed, that is reason
    /// enough, and lines are not blamed for it.
    pub(super) fn holds_where(&self, marker: &Marker, optional: bool, edges: &[Edge]) -> bool {
        let declared: Vec<Platform> = self.wanted.platforms.iter().map(|target| target.platform).collect();
        if declared.is_empty() || !self.has_same_machines() {
            return true;
        }
        declared.iter().all(|platform| {
            let on = edges.iter().any(|edge| edge.platforms.is_empty() || edge.platforms.contains(platform));
            let wanted = marker.holds(*platform, &self.python, &[]);
            wanted == on || (optional && wanted)
        })
    }

    /// Returns whether the edges of each platform on which a condition holds are enough. Where platforms or Python have changed, that
    /// is reason enough, and all edges are taken together.
    pub(super) fn has_enough_where(
        &self,
        marker: &Marker,
        extras: &[ExtraName],
        edges: &[&Edge],
        are_enough: impl Fn(&[&Edge]) -> bool,
    ) -> bool {
        let declared: Vec<Platform> = self.wanted.platforms.iter().map(|target| target.platform).collect();
        if declared.is_empty() || !self.has_same_machines() {
            return are_enough(edges);
        }
        declared.iter().filter(|platform| marker.holds(**platform, &self.python, extras)).all(|platform| {
            let is_on = |edge: &&&Edge| edge.platforms.is_empty() || edge.platforms.contains(platform);
            are_enough(&edges.iter().filter(is_on).copied().collect::<Vec<_>>())
        })
    }

    /// Returns whether the lock is for the Python and the platforms that are declared.
    fn has_same_machines(&self) -> bool {
        self.locked.python == self.wanted.python && covers(&self.locked.platforms, &self.wanted.platforms)
    }

    /// Returns whether some edge holds wherever a condition does.
    pub(super) fn holds_there(&self, marker: &Marker, edges: &[&Edge]) -> bool {
        self.wanted.platforms.iter().map(|target| target.platform).all(|platform| {
            !marker.holds(platform, &self.python, &[])
                || edges.iter().any(|edge| edge.platforms.is_empty() || edge.platforms.contains(&platform))
        })
    }
}

/// Writes a requirement as reasons tell it: `npm react ^18.3`.
pub(super) fn requirement_text(requirement: &Requirement) -> String {
    let name = requirement.name_with_extras();
    let range = requirement.range_text();
    let blank = if range.is_empty() { "" } else { " " };
    format!("{} {name}{blank}{range}", requirement.ecosystem())
}
