//! Which registries the lines of a project name: one for each package, or one for each platform and each side of a
//! conflict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miette::SourceSpan;

use super::error::MemberErrors;
use super::{LinePlace, Project};
use crate::manifest::{DependencyLine, DependencySpec, Manifest, ManifestError, ManifestErrors};
use crate::model::{Label, Marker, PackageId, Platform, Requirement, Routes, Settings, Side};
use crate::ops::Result;

/// A line that names a registry.
#[derive(Clone, Debug)]
pub(super) struct NamedRegistry {
    package: PackageId,
    registry: Label,
    /// The group that the line is in, or that leads to the local package whose line it is.
    group: Option<Label>,
    /// The declared platforms on which the line holds.
    platforms: BTreeSet<Platform>,
    place: LinePlace,
}

impl NamedRegistry {
    pub(super) fn package(&self) -> &PackageId {
        &self.package
    }

    pub(super) fn place(&self) -> &LinePlace {
        &self.place
    }

    /// Returns what messages call the registry.
    pub(super) fn described(&self) -> String {
        format!("registry `{}`", self.registry)
    }

    /// Returns what a line says about its registry. Returns `None` if it names no registry.
    pub(super) fn of(
        line: &DependencyLine,
        group: Option<&Label>,
        place: &LinePlace,
        settings: &Settings,
    ) -> Option<Self> {
        let DependencySpec::Package(requirement) = &line.spec else { return None };
        let registry = line.registry.clone()?;
        let span = line.registry_span.or(place.span);
        Some(Self {
            package: requirement.package(),
            registry,
            group: group.cloned(),
            platforms: platforms(requirement, &line.when, settings),
            place: LinePlace { span, ..place.clone() },
        })
    }
}

/// Returns the declared platforms on which a line holds.
fn platforms(requirement: &Requirement, when: &Marker, settings: &Settings) -> BTreeSet<Platform> {
    let python = settings.marker_python();
    let holds = |marker: &Marker, platform| marker.holds(platform, &python, &[]);
    let declared = settings.platforms.iter().map(|target| target.platform);
    declared
        .filter(|&platform| holds(when, platform) && requirement.marker().is_none_or(|marker| holds(marker, platform)))
        .collect()
}

impl Project {
    /// Works out where each package comes from whose lines name a registry.
    ///
    /// A registry that one line names is the package's everywhere. Where lines disagree, each holds on its own platforms
    /// and, where groups exclude each other, on the sides that have its group; where other lines ask for the package without
    /// naming a registry, there the usual order of registries decides.
    pub(super) fn route(&mut self) -> Result<()> {
        let mut by_package: BTreeMap<PackageId, Vec<&NamedRegistry>> = BTreeMap::new();
        for named in &self.named {
            by_package.entry(named.package.clone()).or_default().push(named);
        }
        let mut contradictions = Contradictions::default();
        for (package, named) in &by_package {
            contradictions.find(&self.manifest, package, named);
        }
        contradictions.none()?;
        let sides: Vec<Option<&Side>> = match self.sides.iter().map(Some).collect::<Vec<_>>() {
            sides if sides.is_empty() => vec![None],
            sides => sides,
        };
        let (mut pins, mut routes) = (BTreeMap::new(), vec![Routes::default(); sides.len()]);
        for (package, named) in by_package {
            let on_sides: Vec<_> = sides.iter().map(|side| self.registries_of(&package, &named, *side)).collect();
            let distinct: BTreeSet<&Option<Label>> = on_sides.iter().flat_map(BTreeMap::values).collect();
            match (distinct.len(), distinct.first()) {
                (0 | 1, Some(Some(registry))) => drop(pins.insert(package, registry.clone())),
                (0 | 1, _) => {}
                _ => routes.iter_mut().zip(on_sides).for_each(|(routes, on)| routes.insert(package.clone(), on)),
            }
        }
        (self.pins, self.routes) = (pins, routes);
        Ok(())
    }

    /// Returns the registry of a package on each declared platform. Returns `None` if the usual order of registries decides.
    fn registries_of(
        &self,
        package: &PackageId,
        named: &[&NamedRegistry],
        side: Option<&Side>,
    ) -> BTreeMap<Platform, Option<Label>> {
        let settings = &self.manifest.settings;
        let counts = |group: &Option<Label>| side.is_none_or(|side| self.sides.counts(group.as_ref(), side));
        let named: Vec<_> = named.iter().filter(|line| counts(&line.group)).collect();
        let mut asked: BTreeSet<Platform> = BTreeSet::new();
        for line in self.lines.iter().filter(|line| counts(&line.group) && line.requirement.package() == *package) {
            asked.extend(platforms(&line.requirement, &line.when, settings));
        }
        let known: BTreeSet<&Label> = named.iter().map(|line| &line.registry).collect();
        let only = known.first().filter(|_| known.len() == 1).copied();
        let declared = settings.platforms.iter().map(|target| target.platform);
        declared
            .map(|platform| {
                let here = named.iter().find(|line| line.platforms.contains(&platform)).map(|line| &line.registry);
                let elsewhere = only.filter(|_| !asked.contains(&platform));
                (platform, here.or(elsewhere).cloned())
            })
            .collect()
    }
}

/// Lines that name different registries for one package on one platform, file by file.
#[derive(Default)]
struct Contradictions(BTreeMap<String, (Arc<str>, Vec<ManifestError>)>);

impl Contradictions {
    /// Notes each line that contradicts one before it.
    fn find(&mut self, manifest: &Manifest, package: &PackageId, named: &[&NamedRegistry]) {
        for (number, line) in named.iter().enumerate() {
            let contradicts = |first: &&&NamedRegistry| {
                let apart = first.group.as_ref().zip(line.group.as_ref());
                first.registry != line.registry
                    && !first.platforms.is_disjoint(&line.platforms)
                    && !apart.is_some_and(|(one, other)| manifest.excludes(one, other))
            };
            let Some(first) = named[..number].iter().find(contradicts) else { continue };
            if first.place.file.name() == line.place.file.name() {
                self.push(package, line, first, first.place.span);
            } else {
                self.push(package, first, line, None);
                self.push(package, line, first, None);
            }
        }
    }

    fn push(&mut self, package: &PackageId, line: &NamedRegistry, other: &NamedRegistry, first: Option<SourceSpan>) {
        let (file, text) = (line.place.file.name().to_owned(), Arc::clone(line.place.file.inner()));
        let error = ManifestError::Registries {
            package: package.to_string().into(),
            registry: line.registry.as_str().into(),
            other: other.registry.as_str().into(),
            file: first.is_none().then(|| other.place.file.name().into()),
            span: line.place.span.unwrap_or_else(|| (0, 0).into()),
            first,
        };
        self.0.entry(file).or_insert_with(|| (text, Vec::new())).1.push(error);
    }

    /// Returns them as one failure, if there are any.
    fn none(self) -> Result<()> {
        let files = self.0.into_iter();
        MemberErrors::none(
            files.filter_map(|(file, (text, errors))| ManifestErrors::new(&file, &text, errors)).collect(),
        )
    }
}
