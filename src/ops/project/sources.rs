//! The places outside of registries from which the lines of a project take packages: one for each package.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::MemberErrors;
use super::{LinePlace, Project};
use crate::manifest::{DependencyLine, DependencySpec, ManifestError, ManifestErrors};
use crate::model::{Label, PackageId, Platform, Requirement, Source};
use crate::ops::Result;
use crate::resolve::{Dependency, RequiredLine, Wants};

/// A line that states a place.
#[derive(Clone, Debug)]
pub(super) struct StatedSource {
    package: PackageId,
    source: Source,
    place: LinePlace,
}

impl StatedSource {
    /// Returns what a line states. Returns `None` if it states no place.
    pub(super) fn of(line: &DependencyLine, place: &LinePlace) -> Option<Self> {
        let (DependencySpec::Package(requirement), Some(source)) = (&line.spec, &line.source) else { return None };
        let place = LinePlace { span: Some(source.span), ..place.clone() };
        Some(Self { package: requirement.package(), source: source.value.clone(), place })
    }

    /// Returns what an entry of another tool's manifest states.
    pub(super) fn of_entry(requirement: &Requirement, source: &Source, place: LinePlace) -> Self {
        Self { package: requirement.package(), source: source.clone(), place }
    }
}

impl Project {
    /// Returns the place that states where a package comes from.
    pub(in crate::ops) fn stated_at(&self, package: &PackageId) -> Option<&LinePlace> {
        self.stated.iter().find(|stated| stated.package == *package).map(|stated| &stated.place)
    }

    /// Returns the groups whose lines ask for a package, if nothing else of the project does.
    pub(in crate::ops) fn groups_asking_for(&self, package: &PackageId) -> Option<BTreeSet<Label>> {
        if self.is_asked_for_by_folders(package) {
            return None;
        }
        let groups: BTreeSet<Label> = self.lines_of(package).map(|line| line.group.clone()).collect::<Option<_>>()?;
        (!groups.is_empty()).then_some(groups)
    }

    /// Returns the declared platforms on which the conditions of a package's lines hold. All of them where something else asks for it, or
    /// no condition holds anywhere.
    pub(in crate::ops) fn platforms_asking_for(&self, package: &PackageId) -> Vec<Platform> {
        let settings = &self.manifest.settings;
        let (declared, python) = (settings.platforms.iter().map(|target| target.platform), settings.marker_python());
        let is_asked_for =
            |platform: &Platform| self.lines_of(package).any(|line| line.when.holds(*platform, &python, &[]));
        let asking: Vec<Platform> = declared.clone().filter(is_asked_for).collect();
        if asking.is_empty() || self.is_asked_for_by_folders(package) { declared.collect() } else { asking }
    }

    fn lines_of<'p>(&'p self, package: &'p PackageId) -> impl Iterator<Item = &'p RequiredLine> {
        self.lines.iter().filter(|line| line.requirement.package() == *package)
    }

    /// Returns whether a member or a local package asks for a package as the package that it is.
    fn is_asked_for_by_folders(&self, package: &PackageId) -> bool {
        let mut of_folders = self.path_packages.values().flat_map(|package| &package.dependencies);
        of_folders.any(|dependency: &Dependency| match &dependency.wants {
            Wants::Requirement(requirement) | Wants::Source { requirement, .. } => requirement.package() == *package,
            Wants::Unsupported { .. } => false,
        })
    }

    /// Works out which packages come from outside of registries. What one line states holds for the package everywhere.
    ///
    /// # Errors
    /// If lines state different places for one package, or a registry and a place.
    pub(super) fn take_sources(&mut self) -> Result<()> {
        let mut known: BTreeMap<&PackageId, &StatedSource> = BTreeMap::new();
        let mut contradictions = Contradictions::default();
        for stated in &self.stated {
            let first = *known.entry(&stated.package).or_insert(stated);
            if first.source != stated.source {
                let both = [(&first.place, first.source.to_string()), (&stated.place, stated.source.to_string())];
                contradictions.push(&stated.package, &both);
            }
        }
        let mut applications: BTreeMap<PackageId, (u32, &LinePlace)> = BTreeMap::new();
        for (line, place) in self.lines.iter().zip(&self.places) {
            let Some(application) = line.requirement.application() else { continue };
            let (first, there) = *applications.entry(line.requirement.package()).or_insert((application, place));
            if first != application {
                let described = |id: u32| format!("application {id} of a marketplace");
                let both = [(there, described(first)), (place, described(application))];
                contradictions.push(&line.requirement.package(), &both);
            }
        }
        for named in &self.named {
            if let Some(first) = known.get(named.package()) {
                let both = [(&first.place, first.source.to_string()), (named.place(), named.described())];
                contradictions.push(&first.package, &both);
            }
        }
        let sources = known.into_iter().map(|(package, stated)| (package.clone(), stated.source.clone())).collect();
        contradictions.none()?;
        self.sources = sources;
        Ok(())
    }
}

/// Lines that state different places for one package, file by file.
#[derive(Default)]
struct Contradictions(BTreeMap<String, (Arc<str>, Vec<ManifestError>)>);

impl Contradictions {
    /// Notes two lines, each with what it states. If they stand in different files, each file gets an error.
    fn push(&mut self, package: &PackageId, lines: &[(&LinePlace, String); 2]) {
        let [(first, there), (second, here)] = lines;
        if first.file.name() == second.file.name() {
            self.add(package, (second, here), (first, there));
        } else {
            self.add(package, (first, there), (second, here));
            self.add(package, (second, here), (first, there));
        }
    }

    fn add(&mut self, package: &PackageId, (line, here): (&LinePlace, &str), (other, there): (&LinePlace, &str)) {
        let in_file = line.file.name() == other.file.name();
        let error = ManifestError::Origins {
            package: package.to_string().into(),
            here: here.into(),
            there: there.into(),
            file: (!in_file).then(|| other.file.name().into()),
            span: line.span.unwrap_or_else(|| (0, 0).into()),
            first: other.span.filter(|_| in_file),
        };
        let (file, text) = (line.file.name().to_owned(), Arc::clone(line.file.inner()));
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
