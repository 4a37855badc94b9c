//! Vulnerabilities that every solution has, known from what leads to them: most that cannot be cured need no solve.

use std::collections::{BTreeMap, BTreeSet};

use crate::lock::Lockfile;
use crate::model::{Graph, Label, PackageId, Requirement, Routes, Settings, Version};
use crate::ops::Project;
use crate::ops::lock::Wish;
use crate::registry::Registries;
use crate::resolve::{self, Index, Requirements, Unwanted};

/// Returns of each of these packages, which come with the versions that have a vulnerability, whether every solution has one of them.
/// `false` proves nothing.
pub(super) fn find(
    project: &Project,
    (before, wish): (&Lockfile, &Wish<'_>),
    registries: &Registries,
    vulnerable: Vec<(PackageId, BTreeSet<Version>)>,
) -> Vec<bool> {
    // Sides are solved one after the other, each with lines of its own.
    if !project.sides.is_empty() {
        return vec![false; vulnerable.len()];
    }
    let idle = project.idle_groups();
    let is_needed = |group: Option<&Label>| group.is_none_or(|group| !idle.contains(group));
    let package_extensions = wish.edition.unwrap_or(resolve::EXTENSIONS_EDITION);
    let requirements = Requirements {
        lines: project.lines.iter().filter(|line| is_needed(line.group.as_ref())).cloned().collect(),
        settings: Settings { package_extensions, ..project.manifest.settings.clone() },
        preferences: wish.preferences(&project.lines, None),
        routes: project.routes.first().cloned().unwrap_or_else(Routes::default),
    };
    let dependents = dependents(&before.graph);
    let leading_to = |package: &PackageId| leading_to(package, &dependents);
    let unwanted: Vec<Unwanted> = vulnerable
        .into_iter()
        .map(|(package, versions)| Unwanted { dependents: leading_to(&package), package, versions })
        .collect();
    loop {
        let found = resolve::unavoidable(&requirements, registries, &unwanted);
        // A registry is asked again before it is said that it has nothing else.
        let cached: Vec<PackageId> = found.from_cache.iter().map(Requirement::package).collect();
        if !registries.drop_cached(&cached) {
            return found.found;
        }
        registries.prefetch(&found.from_cache);
    }
}

/// Returns the packages that need each package of a graph.
fn dependents(graph: &Graph) -> BTreeMap<&PackageId, BTreeSet<&PackageId>> {
    let mut dependents: BTreeMap<&PackageId, BTreeSet<&PackageId>> = BTreeMap::new();
    for (dependent, instance) in &graph.instances {
        for edge in &instance.edges {
            dependents.entry(&edge.to.package.id).or_default().insert(&dependent.package.id);
        }
    }
    dependents
}

/// Returns the packages through which something leads to a package.
fn leading_to(package: &PackageId, dependents: &BTreeMap<&PackageId, BTreeSet<&PackageId>>) -> BTreeSet<PackageId> {
    let (mut leading, mut open) = (BTreeSet::new(), vec![package]);
    while let Some(package) = open.pop() {
        let direct = dependents.get(package).into_iter().flatten();
        open.extend(direct.filter(|dependent| leading.insert((**dependent).clone())));
    }
    leading
}
