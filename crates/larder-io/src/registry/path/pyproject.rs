//! A local Python package: what its files say, with the project's own packages in the place of what it asks for by their names.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    IndexedPackage, LocalMatch, LocalPackageError, ManifestContext, PathKind, PathPackage, manifest_path,
    python_manifest,
};
use crate::import::{GroupItem, PythonProject, UvSource, UvSources, behind_extra};
use crate::license;
use crate::model::{
    Ecosystem, ExtraName, Facts, Label, LocalFile, Marker, PackageName, Pep508Error, Requirement, Source, Version,
};
use crate::registry::pypi::requirement;
use crate::resolve::{Dependency, DependencyKind, Wants};

pub(super) fn read(context: ManifestContext<'_>, text: &str) -> Result<PathPackage, LocalPackageError> {
    let files = RefCell::new(BTreeSet::new());
    let Some(project) = project(context, text, &files)? else {
        return Err(context.bad(PathKind::Pyproject, "it has no [project]"));
    };
    refuse_computed(context, &project)?;
    let name = context.name(PathKind::Pyproject, project.name.as_deref())?;
    let sources = project.sources();
    let resolve = |requirements: &[DeclaredRequirement<'_>]| {
        let mut resolver = RequirementResolver::new(context, Some(&name), Some(&sources));
        for declared in requirements {
            match declared {
                DeclaredRequirement::Requirement(text) => {
                    resolver.add(parsed(context, &name, text), &Marker::default())?;
                }
                DeclaredRequirement::Folder(folder) => {
                    resolver.dependencies.push(super::dependency(
                        DependencyKind::Normal,
                        context.require_folder(folder, None, PathKind::Pyproject)?,
                    ));
                }
            }
        }
        Ok::<_, LocalPackageError>(resolver.dependencies)
    };
    let texts = project.dependencies.iter().map(|text| DeclaredRequirement::Requirement(text));
    let requirements: Vec<_> =
        texts.chain(project.folders.iter().map(|folder| DeclaredRequirement::Folder(folder))).collect();
    let mut dependencies = resolve(&requirements)?;
    let mut extras = Vec::new();
    for (extra, requirements) in &project.optional_dependencies {
        let extra: ExtraName = extra
            .parse()
            .map_err(|error: crate::model::NameError| context.bad(PathKind::Pyproject, &error.to_string()))?;
        let behind = |text: &String| parsed(context, &name, &behind_extra(text, extra.as_str()));
        // Local packages are left out here: they are added where the extra is requested.
        let is_local = |dependency: &Dependency| match &dependency.wants {
            Wants::Requirement(requirement) => {
                let has_source = sources.contains_key(&requirement.package().name);
                has_source || context.local_packages.find_match(requirement) != LocalMatch::None
            }
            Wants::Source { .. } | Wants::Unsupported { .. } => false,
        };
        dependencies.extend(requirements.iter().map(behind).filter(|dependency| !is_local(dependency)));
        extras.push(extra);
    }
    let mut groups = BTreeMap::new();
    for group in project.groups.keys() {
        let label: Label = group
            .parse()
            .map_err(|error: crate::model::LabelError| context.bad(PathKind::Pyproject, &error.to_string()))?;
        let mut requirements = Vec::new();
        collect_group(&project.groups, group, &mut Vec::new(), &mut requirements);
        groups.insert(label, resolve(&requirements)?);
    }
    let bin = project.entry_points.iter().any(|(group, entries)| group == "console_scripts" && !entries.is_empty());
    let compiler = project.compiler().filter(|_| project.is_package);
    let warnings = compiler.into_iter().map(|compiler| {
        format!(
            "{} has modules that a build compiles ({compiler}), and its folder is used as it lies: compile them in place, or leave it out \
             of `members` and take the package from its registry",
            file_of(context, &project)
        )
    });
    let warnings = warnings.collect();
    Ok(PathPackage {
        seen_as: name.clone(),
        name,
        declared_version: project.version.as_deref().and_then(version),
        license: license::metadata(&project.license),
        kind: PathKind::Pyproject,
        dependencies,
        extras,
        features: BTreeSet::new(),
        groups,
        sources: Vec::new(),
        warnings,
        computed_version: (project.version.is_none() && project.is_package).then(|| file_of(context, &project)),
        // The location of its modules depends on these folders' contents.
        listed: vec![String::new(), "src".to_owned()],
        files: files.into_inner().into_iter().collect(),
        is_installed: project.is_package,
        facts: Facts { requires_python: project.requires_python, bin, ..Facts::default() },
        node: None,
    })
}

/// Fails if only a build knows what a project needs.
fn refuse_computed(context: ManifestContext<'_>, project: &PythonProject) -> Result<(), LocalPackageError> {
    let [field, ..] = &project.computed[..] else { return Ok(()) };
    let (file, package) = (file_of(context, project), project.name.clone());
    Err(LocalPackageError::Computed { file, field: field.clone(), package })
}

/// Returns the warning that a folder's Python package is left out, and why: its package.json counts.
pub(super) fn left_out(why: &LocalPackageError) -> String {
    format!("{why}: the Python package is left out; an `extend` line with its name takes it in")
}

/// Fails if only a build knows what the Python package in a folder needs: beside a package.json it is left out while nothing asks for it.
fn require_known(context: ManifestContext<'_>) -> Result<(), LocalPackageError> {
    let Some(text) = super::read_kind(context, PathKind::Pyproject)? else { return Ok(()) };
    match project(context, &text, &RefCell::default())? {
        Some(project) => refuse_computed(context, &project),
        None => Ok(()),
    }
}

/// Reads the project of a folder, whose pyproject.toml has this text. What only a build knows of it, `extend` lines say.
fn project(
    context: ManifestContext<'_>,
    text: &str,
    files: &RefCell<BTreeSet<String>>,
) -> Result<Option<PythonProject>, LocalPackageError> {
    let mut project = python_manifest::parse(context.root, context.folder, text, files)?;
    if let Some(project) = project.as_mut().filter(|project| !project.computed.is_empty()) {
        let added = context.local_packages.extensions_of(context.folder);
        for added in added.filter(|added| added.ecosystem().has_markers()) {
            project.computed.clear();
            extend_computed(project, added);
        }
    }
    Ok(project)
}

/// Adds a requirement to a project or, where its condition names extras, to these.
fn extend_computed(project: &mut PythonProject, added: &Requirement) {
    let marker = added.marker().cloned().unwrap_or_default();
    let text = |when: &Marker| {
        let when = if when.is_always() { String::new() } else { format!("; {when}") };
        format!("{}{}{when}", added.name_with_extras(), added.range_text())
    };
    let extras = marker.extras();
    if extras.is_empty() {
        project.dependencies.push(text(&marker));
    }
    for extra in extras {
        let Some(rest) = marker.with_extra(&extra) else { continue };
        let mut known = project.optional_dependencies.keys();
        let known = known.find(|written| written.parse::<ExtraName>().is_ok_and(|name| name == extra)).cloned();
        let written = known.unwrap_or_else(|| extra.to_string());
        project.optional_dependencies.entry(written).or_default().push(text(&rest));
    }
}

/// Parses a requirement of a manifest, which may name an archive of the checkout: `x @ ./x-1-py3-none-any.whl`.
fn parsed(context: ManifestContext<'_>, dependent: &PackageName, text: &str) -> Dependency {
    let dependency = requirement::dependency(dependent, text);
    let Err(Pep508Error::Url { requirement, url }) = Requirement::from_pep508(text) else { return dependency };
    let Some(path) = LocalFile::pep508_path(&url) else { return dependency };
    let (requirement, text) = (*requirement, text.to_owned());
    let wants = match LocalFile::within(context.folder, &path) {
        Ok(file) => Wants::Source { requirement, source: Source::File(file), text },
        Err(error) => Wants::Unsupported { name: requirement.name().clone(), text, reason: format!("its URL {error}") },
    };
    Dependency::new(dependency.kind, wants)
}

/// Returns the file that says most of a project, relative to the root.
fn file_of(context: ManifestContext<'_>, project: &PythonProject) -> String {
    super::join(context.folder, project.file).to_string()
}

/// Reads a version as SemVer, filling in what PEP 440 leaves out: `1.2` is 1.2.0. What is no SemVer even then stays a version of Python, in
/// its normal form.
fn version(text: &str) -> Option<Version> {
    let normal = || Version::parse(PathKind::Pyproject.ecosystem(), text).ok().map(|version| version.to_string());
    semver(text).map(Version::from).or_else(|| {
        let normal = normal()?;
        semver(&normal).map(Version::from).or_else(|| Version::parse(Ecosystem::LOCAL, &normal).ok())
    })
}

/// Reads a version as SemVer.
fn semver(text: &str) -> Option<semver::Version> {
    let dots = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').filter(|b| *b == b'.').count();
    text.parse().ok().or_else(|| match dots {
        0 => format!("{text}.0.0").parse().ok(),
        1 => format!("{text}.0").parse().ok(),
        _ => None,
    })
}

/// Resolves a Python dependency whose name a local package has: to that package, and the dependencies of the requested extras.
pub(super) fn resolve_dependency(
    context: ManifestContext<'_>,
    dependent: Option<&PackageName>,
    dependency: Dependency,
) -> Result<Vec<Dependency>, LocalPackageError> {
    let mut resolver = RequirementResolver::new(context, dependent, None);
    resolver.add(dependency, &Marker::default())?;
    Ok(resolver.dependencies)
}

/// Returns what extras of the package in a folder ask for.
pub(super) fn extras(context: ManifestContext<'_>, extras: &[ExtraName]) -> Result<Vec<Dependency>, LocalPackageError> {
    let [first, ..] = extras else { return Ok(Vec::new()) };
    let manifest = manifest_path(context.folder, PathKind::Pyproject);
    let text = super::read_text(context.root, &manifest)?.unwrap_or_default();
    let Some(project) = project(context, &text, &RefCell::default())? else {
        return Err(LocalPackageError::NoExtra { file: manifest, extra: first.clone(), known: String::new() });
    };
    let file = file_of(context, &project);
    let name = context.name(PathKind::Pyproject, project.name.as_deref())?;
    let sources = project.sources();
    let mut resolver = RequirementResolver::new(context, Some(&name), Some(&sources));
    for extra in extras {
        let mut declared = project.optional_dependencies.iter();
        let found = declared.find(|(written, _)| written.parse::<ExtraName>().is_ok_and(|name| name == *extra));
        let Some((_, requirements)) = found else {
            let known: Vec<&str> = project.optional_dependencies.keys().map(String::as_str).collect();
            return Err(LocalPackageError::NoExtra { file, extra: extra.clone(), known: known.join(", ") });
        };
        for text in requirements {
            resolver.add(parsed(context, &name, text), &Marker::default())?;
        }
    }
    Ok(resolver.dependencies)
}

/// The source of a required package.
enum ResolvedSource {
    Registry,
    /// A source that larder does not support, with the reason.
    Unsupported(String),
    /// A git repository or a URL.
    Outside(Source),
    LocalPackage(IndexedPackage, Requirement),
    /// A local package whose version does not match.
    OtherVersion(IndexedPackage),
}

/// Resolves the requirements of a manifest. The name of another local Python package always refers to that package, and never to
/// a registry's: an environment has only one package of a name.
struct RequirementResolver<'a> {
    context: ManifestContext<'a>,
    dependent: Option<&'a PackageName>,
    /// `[tool.uv.sources]` of the manifest.
    sources: Option<&'a UvSources>,
    /// The local packages and extras that were added, with their conditions.
    seen: BTreeSet<(Arc<str>, Option<ExtraName>, String)>,
    dependencies: Vec<Dependency>,
}

impl<'a> RequirementResolver<'a> {
    fn new(context: ManifestContext<'a>, dependent: Option<&'a PackageName>, sources: Option<&'a UvSources>) -> Self {
        Self { context, dependent, sources, seen: BTreeSet::new(), dependencies: Vec::new() }
    }

    /// Adds a dependency under a further condition.
    fn add(&mut self, mut dependency: Dependency, condition: &Marker) -> Result<(), LocalPackageError> {
        let Wants::Requirement(requirement) = &mut dependency.wants else {
            self.dependencies.push(dependency);
            return Ok(());
        };
        *requirement = requirement.clone().when(condition.clone());
        let (name, text) = (requirement.package().name, requirement.range_text());
        let (local, wants) = match self.source(requirement)? {
            ResolvedSource::Registry => {
                self.dependencies.push(dependency);
                return Ok(());
            }
            ResolvedSource::Unsupported(reason) => {
                let wants = Wants::Unsupported { name, text, reason };
                let when = requirement.marker().cloned().unwrap_or_default();
                self.dependencies.push(Dependency { when, ..Dependency::new(dependency.kind, wants) });
                return Ok(());
            }
            ResolvedSource::Outside(source) => {
                let wants = Wants::Source { requirement: requirement.clone(), source, text };
                self.dependencies.push(Dependency::new(dependency.kind, wants));
                return Ok(());
            }
            ResolvedSource::LocalPackage(local, found) => (local, Wants::Requirement(found)),
            ResolvedSource::OtherVersion(local) => {
                let reason = format!("the project's own is {local}");
                (local, Wants::Unsupported { name, text, reason })
            }
        };
        let (name, extras) = (requirement.name(), requirement.extras());
        let Some(marker) = requirement.marker() else { return Ok(()) };
        let (when, kind) = (marker.to_string(), dependency.kind);
        // A dependency on itself is left out, unless it requires another version.
        let is_itself = Some(name) == self.dependent && matches!(wants, Wants::Requirement(_));
        if !is_itself && self.seen.insert((local.folder.clone(), None, when.clone())) {
            let when = match wants {
                Wants::Unsupported { .. } => marker.clone(),
                _ => Marker::default(),
            };
            self.dependencies.push(Dependency { when, ..Dependency::new(kind, wants) });
        }
        let local_context = ManifestContext { folder: &local.folder, ..self.context };
        if !is_itself {
            require_known(local_context)?;
        }
        for (written, requirements) in self.extras(&local)? {
            let Ok(extra) = written.parse::<ExtraName>() else { continue };
            if extras.contains(&extra) && self.seen.insert((local.folder.clone(), Some(extra), when.clone())) {
                for text in requirements {
                    let mut dependency = parsed(local_context, name, &text);
                    if kind == DependencyKind::Optional {
                        dependency.kind = kind;
                    }
                    self.add(dependency, marker)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the source of a requirement: the one that the manifest states, or else the local package of its name.
    fn source(&self, requirement: &Requirement) -> Result<ResolvedSource, LocalPackageError> {
        let name = requirement.package().name;
        let stated = self.sources.and_then(|sources| sources.get(&name));
        if let Some(UvSource::Folder(folder)) = stated {
            let found = self.context.require_folder(folder, Some(&name), PathKind::Pyproject)?;
            let found = found.when(requirement.marker().cloned().unwrap_or_default());
            if let Some(folder) = found.folder() {
                let local = IndexedPackage::in_folder(folder.clone(), found.name().clone());
                return Ok(ResolvedSource::LocalPackage(local, found));
            }
        }
        if let Some(UvSource::File(path)) = stated {
            return Ok(match LocalFile::within(self.context.folder, path) {
                Ok(file) => ResolvedSource::Outside(Source::File(file)),
                Err(error) => {
                    ResolvedSource::Unsupported(format!("[tool.uv.sources] has it from `{path}`, which {error}"))
                }
            });
        }
        if let Some(UvSource::Outside(source)) = stated {
            return Ok(ResolvedSource::Outside(source.clone()));
        }
        Ok(match self.context.local_packages.find_match(requirement) {
            LocalMatch::None => stated
                .and_then(UvSource::unsupported_reason)
                .map_or(ResolvedSource::Registry, ResolvedSource::Unsupported),
            LocalMatch::Satisfied(found) => match self.context.local_packages.get(requirement.ecosystem(), &name) {
                Some(local) => ResolvedSource::LocalPackage(local.clone(), found),
                None => ResolvedSource::Registry,
            },
            LocalMatch::OtherVersion(local) => ResolvedSource::OtherVersion(local),
            LocalMatch::Ambiguous(first, second) => {
                return Err(self.context.same_name(PathKind::Pyproject, requirement, first, second));
            }
        })
    }

    /// Returns the requirements of a local package's extras.
    fn extras(&self, local: &IndexedPackage) -> Result<BTreeMap<String, Vec<String>>, LocalPackageError> {
        let context = ManifestContext { folder: &local.folder, ..self.context };
        let text = super::read_text(context.root, &manifest_path(context.folder, PathKind::Pyproject)).ok().flatten();
        let text = text.unwrap_or_default();
        let project = project(context, &text, &RefCell::default())?;
        Ok(project.map(|project| project.optional_dependencies).unwrap_or_default())
    }
}

/// A requirement, as written.
enum DeclaredRequirement<'a> {
    Requirement(&'a str),
    Folder(&'a str),
}

/// Collects the requirements of a group and of the groups that it includes. Groups may include each other in a cycle.
fn collect_group<'a>(
    groups: &'a BTreeMap<String, Vec<GroupItem>>,
    group: &'a str,
    within: &mut Vec<&'a str>,
    into: &mut Vec<DeclaredRequirement<'a>>,
) {
    if within.contains(&group) {
        return;
    }
    within.push(group);
    for item in groups.get(group).into_iter().flatten() {
        match item {
            GroupItem::Requirement(text) => into.push(DeclaredRequirement::Requirement(text)),
            GroupItem::Folder(folder) => into.push(DeclaredRequirement::Folder(folder)),
            GroupItem::Include { group } => collect_group(groups, group, within, into),
        }
    }
    within.pop();
}
