//! What the manifests of a project ask for, as lines: the root's, the members', and the local packages that they name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use super::error::{PathLineError, ProjectError};
use super::locked::with_groups;
use super::{LinePlace, NamedRegistry, Project, StatedSource, inputs, members};
use crate::manifest::{self, DependencySpec, FolderSpec, Manifest, ManifestKind};
use crate::model::{Dependent, Label, Marker, Override, PackageId, PackageName, Requirement, parse_npm_version};
use crate::ops::session::MANIFEST;
use crate::ops::{Error, Result};
use crate::registry::path::{self, PathKind, PathPackage};
use crate::resolve::{self, DependencyKind, RequiredLine, Wants};

/// What says what a member wants.
pub(super) enum MemberManifest {
    /// Its larder.kdl.
    Own(Arc<Manifest>),
    /// Another tool's file.
    Foreign(Box<PathPackage>),
}

impl MemberManifest {
    /// Returns what the root has to know of it: of another tool's file, its groups.
    pub(super) fn declared(&self) -> Result<Manifest> {
        let package = match self {
            Self::Own(manifest) => return Ok((**manifest).clone()),
            Self::Foreign(package) => package,
        };
        with_groups(package.groups.keys(), true)
    }
}

impl Project {
    pub(super) fn take_lines(
        &mut self,
        manifest: &Manifest,
        dependent: &Dependent,
        folder: &str,
        source: &NamedSource<Arc<str>>,
    ) -> Result<()> {
        let plain = manifest.dependencies.iter().map(|line| (None, line));
        let grouped = manifest
            .groups
            .iter()
            .flat_map(|group| group.dependencies.iter().map(|line| (Some(group.name.value.clone()), line)));
        for (group, line) in plain.chain(grouped) {
            let place = LinePlace { file: source.clone(), span: Some(line.span) };
            self.named.extend(NamedRegistry::of(line, group.as_ref(), &place, &self.manifest.settings));
            self.stated.extend(StatedSource::of(line, &place));
            let requirements = match &line.spec {
                DependencySpec::Package(requirement) if line.registry.is_some() || line.source.is_some() => {
                    vec![requirement.clone()]
                }
                DependencySpec::Package(requirement) => self.take_package(folder, requirement, source, line.span)?,
                DependencySpec::Folder(spec) => {
                    let mut requirements = self.take_folder(folder, spec, source, line.span)?;
                    if group.is_none() {
                        requirements.extend(self.root_dependencies(&requirements));
                    }
                    requirements
                }
            };
            for requirement in requirements {
                self.take_registries(&requirement, group.as_ref())?;
                self.lines.push(RequiredLine {
                    dependent: dependent.clone(),
                    group: group.clone(),
                    requirement,
                    optional: line.optional,
                    when: line.when.clone(),
                    prereleases: line.prereleases,
                });
                self.places.push(place.clone());
            }
        }
        Ok(())
    }

    /// Returns what a line comes to whose name may be that of one of the project's own packages.
    fn take_package(
        &mut self,
        folder: &str,
        requirement: &Requirement,
        source: &NamedSource<Arc<str>>,
        span: SourceSpan,
    ) -> Result<Vec<Requirement>> {
        let meant = path::resolve(&self.root, folder, &self.names, DependencyKind::Normal, requirement)?;
        self.warnings.extend(meant.warning);
        self.take_resolved(meant.dependencies, source, span)
    }

    /// Returns the local package that a line names, with what its extras ask for; reads it, and those that it names.
    fn take_folder(
        &mut self,
        above: &str,
        spec: &FolderSpec,
        source: &NamedSource<Arc<str>>,
        span: SourceSpan,
    ) -> Result<Vec<Requirement>> {
        let folder = path::join(above, &spec.folder);
        let read = |project: &mut Self| {
            match &spec.name {
                Some(name) => drop(project.names.add_folder(&project.root, &folder, Some(name))),
                None => path::check_is_there(&project.root, &folder, &project.names)?,
            }
            project.read_path_package(&folder)?;
            let package = project.path_packages.get(&folder);
            let is_package = |package: &PathPackage| {
                package.kind == PathKind::Pyproject || path::root_package(&project.root, &package.seen_as).is_some()
            };
            if folder.is_empty() && !package.is_some_and(is_package) {
                return Err(ProjectError::NoRootPackage.into());
            }
            let itself = package.map(|package| {
                let seen_as = spec.name.as_ref().unwrap_or(&package.seen_as);
                Requirement::path(seen_as.clone(), package.name.clone(), Arc::clone(&folder), Marker::default())
            });
            Ok((itself, path::extras(&project.root, &folder, &project.names, &spec.extras)?))
        };
        let (itself, of_extras) = read(self).map_err(|error: Error| {
            let failure = error.failure();
            // What shows a place of its own needs no other.
            if failure.source_code().is_some() || failure.related().is_some() {
                return error;
            }
            let (inner, help) = (failure.to_string(), failure.help().map(|help| help.to_string()));
            PathLineError { source_code: source.clone(), span, inner, help }.into()
        })?;
        let mut requirements: Vec<Requirement> = itself.into_iter().collect();
        requirements.extend(self.take_resolved(of_extras, source, span)?);
        Ok(requirements)
    }

    /// Returns what the root's own package asks for, if it is among the requirements: as with members, that is asked for by the
    /// project itself.
    fn root_dependencies(&self, requirements: &[Requirement]) -> Vec<Requirement> {
        let root = requirements.iter().filter_map(Requirement::folder).find(|folder| folder.is_empty());
        let package = root.and_then(|root| self.path_packages.get(root));
        let own = package.into_iter().flat_map(|package| &package.dependencies);
        let plain = own.filter_map(|dependency| match &dependency.wants {
            Wants::Requirement(requirement) | Wants::Source { requirement, .. } => Some(requirement),
            Wants::Unsupported { .. } => None,
        });
        let is_of_extra = |wanted: &Requirement| wanted.marker().is_some_and(|marker| !marker.extras().is_empty());
        plain.filter(|wanted| !is_of_extra(wanted)).cloned().collect()
    }

    /// Returns the requirements that a line's dependencies come to, and reads the local packages that they name.
    fn take_resolved(
        &mut self,
        dependencies: Vec<resolve::Dependency>,
        source: &NamedSource<Arc<str>>,
        span: SourceSpan,
    ) -> Result<Vec<Requirement>> {
        let mut requirements = Vec::with_capacity(dependencies.len());
        for dependency in dependencies {
            match dependency.wants {
                Wants::Requirement(requirement) => {
                    if let Some(folder) = requirement.folder() {
                        self.read_path_package(folder)?;
                    }
                    requirements.push(requirement);
                }
                Wants::Source { requirement, source: stated, .. } => {
                    let place = LinePlace { file: source.clone(), span: Some(span) };
                    self.stated.push(StatedSource::of_entry(&requirement, &stated, place));
                    requirements.push(requirement);
                }
                Wants::Unsupported { name, text, reason } => {
                    let inner = format!("`{name}` {text} is asked for, and {reason}");
                    let help = Some("ask for what is there, or name a registry: `registry=\"pypi\"`".to_owned());
                    return Err(PathLineError { source_code: source.clone(), span, inner, help }.into());
                }
            }
        }
        Ok(requirements)
    }

    /// Fails where one manifest asks for two folders whose packages are called alike: it can see one under the name.
    pub(super) fn check_names_of_folders(&self) -> Result<()> {
        let mut known: BTreeMap<(&Dependent, &PackageName), &Arc<str>> = BTreeMap::new();
        for (line, place) in self.lines.iter().zip(&self.places) {
            let Some(folder) = line.requirement.folder() else { continue };
            let name = line.requirement.seen_as();
            let first = *known.entry((&line.dependent, name)).or_insert(folder);
            let is_clash = first != folder && self.names.share_a_name(first, folder);
            if let Some(span) = place.span.filter(|_| is_clash) {
                let inner =
                    format!("`{name}` is the name of two packages that are asked for: `{first}` and `{folder}`");
                let help = Some("give one of them another name, or leave one of the lines out".to_owned());
                return Err(PathLineError { source_code: place.file.clone(), span, inner, help }.into());
            }
        }
        Ok(())
    }

    /// Lets members stand in for what overrides say that they replace.
    pub(super) fn take_member_overrides(&mut self) -> Result<()> {
        for read in std::mem::take(&mut self.manifest.member_overrides) {
            let PackageId { ecosystem, name, .. } = &read.value.package;
            let bad = |inner: String, help: &str| PathLineError {
                source_code: NamedSource::new(&*self.manifest.file, Arc::clone(&self.manifest.text)),
                span: read.span,
                inner,
                help: Some(help.to_owned()),
            };
            let member = match self.names.of_name(*ecosystem, name) {
                [member] => member.clone(),
                [] => {
                    let of_root = path::root_package(&self.root, name).filter(|_| ecosystem.has_scopes());
                    let help = "add its folder to `members`, or give a range instead of `workspace:*`; the root itself is \
                                taken as its private package, if it is one";
                    of_root.ok_or_else(|| bad(format!("no member of the project is called `{name}`"), help))?
                }
                [one, other, ..] => {
                    let inner = format!("`{name}` is the name of two members: `{}` and `{}`", one.folder, other.folder);
                    return Err(bad(inner, "leave one of them out: `members \"!FOLDER\"`").into());
                }
            };
            if let (Some(asked), Some(version)) = (&read.value.asked, &member.version)
                && parse_npm_version(asked.as_str()).is_some()
                && parse_npm_version(version).is_some_and(|version| !asked.matches(&version))
            {
                self.warnings.push(format!(
                    "`override {ecosystem} \"{name}@{asked}\" \"workspace:*\"` is for a version that the project's own {name} has no more: it is \
                     {version} now, and stands in for what admits {asked}",
                    asked = asked.as_str()
                ));
            }
            self.read_path_package(&member.folder)?;
            let replacement = Some(member.requirement(name, Marker::default()));
            self.manifest.rule_spans.overrides.push(read.span);
            self.manifest.settings.overrides.push(Override { replacement, ..read.value });
        }
        Ok(())
    }

    /// Reads a local package, and those that it leads to.
    fn read_path_package(&mut self, folder: &Arc<str>) -> Result<()> {
        // A chain of them may be as long as somebody likes.
        let mut open = vec![Arc::clone(folder)];
        while let Some(folder) = open.pop() {
            if !self.path_packages.contains_key(&folder) {
                let further = self.read_one_path_package(&folder)?;
                open.extend(further.into_iter().rev());
            }
        }
        Ok(())
    }

    /// Reads a local package. Returns the folders of those that it asks for.
    fn read_one_path_package(&mut self, folder: &Arc<str>) -> Result<Vec<Arc<str>>> {
        members::stay_inside(&self.root, folder)?;
        self.watched.note_manifests(&self.root.join(&**folder))?;
        self.names.add_folder(&self.root, folder, None);
        let package = self.read_local(folder)?;
        // Their contents are looked at later, when an environment is built.
        for below in &package.listed {
            self.watched.note(self.root.join(&*path::join(folder, below)))?;
        }
        self.take_warnings(&package);
        // Its groups are its own affair: nobody asks for them by depending on it.
        self.take_stated(folder, &package, |group| group.is_none());
        let further = folders(&package.dependencies).collect();
        self.path_packages.insert(Arc::clone(folder), package);
        Ok(further)
    }

    /// Reads private packages again that have other features than those that they were read with: a line that was found later asks for
    /// them.
    pub(super) fn settle_features(&mut self) -> Result<()> {
        let is_settled = |project: &Self, folder: &str, package: &PathPackage| {
            package.kind != PathKind::LarderKdl
                || package.features == project.names.features_of(folder, &package.seen_as)
        };
        while let Some((folder, _)) =
            self.path_packages.iter().find(|(folder, package)| !is_settled(self, folder, package))
        {
            let folder = Arc::clone(folder);
            self.path_packages.remove(&folder);
            self.read_path_package(&folder)?;
            // It may lead further now.
            self.registries_taken.clear();
        }
        Ok(())
    }

    /// Reads a local package, and notes the files that it is read from besides its manifests.
    fn read_local(&mut self, folder: &str) -> Result<PathPackage> {
        let package = path::read(&self.root, folder, &self.names)?;
        // Which these are is known once it was read; what is used is read after they are noted.
        for file in &package.files {
            self.watched.note(self.root.join(&*path::join(folder, file)))?;
        }
        let is_any_renamed = self.add_folders(&package)?;
        if package.files.is_empty() && !is_any_renamed {
            return Ok(package);
        }
        Ok(path::read(&self.root, folder, &self.names)?)
    }

    /// Notes the packages that a package asks for by their folders. Returns whether one of them is called by another name than that in its
    /// manifest.
    fn add_folders(&mut self, package: &PathPackage) -> Result<bool> {
        let mut is_any_renamed = false;
        for wanted in wanted_folders(package.dependencies.iter().chain(package.groups.values().flatten())) {
            let Some(folder) = wanted.folder() else { continue };
            members::stay_inside(&self.root, folder)?;
            is_any_renamed |= self.names.add_folder(&self.root, folder, Some(wanted.seen_as()));
        }
        Ok(is_any_renamed)
    }

    /// Notes the registries that a local package's larder.kdl names, and those of the local packages that it leads to, as
    /// what a line's group brings.
    fn take_registries(&mut self, wanted: &Requirement, group: Option<&Label>) -> Result<()> {
        let mut open: Vec<Arc<str>> = wanted.folder().cloned().into_iter().collect();
        while let Some(folder) = open.pop() {
            let Some(package) = self.path_packages.get(&folder) else { continue };
            // Many lines lead to one package, and all that it leads to is taken with it.
            if !self.registries_taken.insert((group.cloned(), Arc::clone(&folder))) {
                continue;
            }
            let further: Vec<Arc<str>> = folders(&package.dependencies).collect();
            if package.kind == PathKind::LarderKdl
                && let MemberManifest::Own(manifest) = self.read_member(&folder, None)?
            {
                let source = NamedSource::new(&*manifest.file, Arc::clone(&manifest.text));
                for line in &manifest.dependencies {
                    let place = LinePlace { file: source.clone(), span: Some(line.span) };
                    self.named.extend(NamedRegistry::of(line, group, &place, &self.manifest.settings));
                    self.stated.extend(StatedSource::of(line, &place));
                }
            }
            open.extend(further.into_iter().rev());
        }
        Ok(())
    }

    /// Reads a member's manifest, `edited` instead of its larder.kdl where that is given.
    pub(super) fn read_member(&mut self, folder: &str, edited: Option<&str>) -> Result<MemberManifest> {
        if let Some(known) = self.own_manifests.get(folder) {
            return Ok(MemberManifest::Own(Arc::clone(known)));
        }
        let text = match edited {
            Some(text) => Some(text.to_owned()),
            None => inputs::text(&self.root.join(folder).join(MANIFEST))?,
        };
        let Some(text) = text else { return Ok(MemberManifest::Foreign(Box::new(self.read_local(folder)?))) };
        let kind = ManifestKind::Member(&self.manifest.catalogs);
        let manifest = Arc::new(manifest::parse(&format!("{folder}/{MANIFEST}"), &text, kind)?);
        self.own_manifests.insert(folder.into(), Arc::clone(&manifest));
        Ok(MemberManifest::Own(manifest))
    }

    pub(super) fn take_member(&mut self, folder: Arc<str>, member: &MemberManifest) -> Result<()> {
        let dependent = Dependent::Member(Arc::clone(&folder));
        match member {
            MemberManifest::Own(manifest) => {
                let source = NamedSource::new(&*manifest.file, Arc::clone(&manifest.text));
                self.take_lines(manifest, &dependent, &folder, &source)?;
                self.take_extensions(manifest, &dependent, &folder, &source)?;
            }
            MemberManifest::Foreign(package) => {
                self.own_runtimes.insert(Arc::clone(&folder), (&**package).into());
                let source = NamedSource::new(&*path::join(&folder, package.kind.file()), Arc::from(""));
                self.take_warnings(package);
                self.take_stated(&folder, package, |_| true);
                let itself = package.is_installed.then(|| package.requirement(Arc::clone(&folder)));
                let itself =
                    itself.map(|wanted| resolve::Dependency::new(DependencyKind::Normal, Wants::Requirement(wanted)));
                let settled = |declared| developed_with(package, declared).unwrap_or(declared);
                let plain = package.dependencies.iter().chain(&itself).map(|declared| (None, settled(declared)));
                let grouped =
                    package.groups.iter().flat_map(|(group, list)| list.iter().map(|d| (Some(group.clone()), d)));
                for (group, dependency) in plain.chain(grouped) {
                    self.take_dependency(&dependent, group, dependency, &source)?;
                }
            }
        }
        self.members.push(folder);
        Ok(())
    }

    /// Takes what `extend` lines say that a member with a larder.kdl uses and does not declare.
    fn take_extensions(
        &mut self,
        manifest: &Manifest,
        dependent: &Dependent,
        folder: &str,
        source: &NamedSource<Arc<str>>,
    ) -> Result<()> {
        let declared: BTreeSet<&PackageName> = manifest
            .dependencies
            .iter()
            .filter_map(|line| match &line.spec {
                DependencySpec::Package(requirement) => Some(requirement.seen_as()),
                DependencySpec::Folder(_) => None,
            })
            .collect();
        let added: Vec<Requirement> = self.names.extensions_of(folder).cloned().collect();
        for added in added.iter().filter(|added| !declared.contains(added.seen_as())) {
            for meant in self.take_package(folder, added, source, SourceSpan::from((0, 0)))? {
                let dependency = resolve::Dependency::new(DependencyKind::Normal, Wants::Requirement(meant));
                self.take_dependency(dependent, None, &dependency, source)?;
            }
        }
        Ok(())
    }

    /// Takes what a user should hear of a local package.
    fn take_warnings(&mut self, package: &PathPackage) {
        self.warnings.extend(package.warnings.iter().cloned());
        self.computed_versions.extend(package.computed_version.clone());
    }

    /// Notes the places outside of registries that a local package's manifests state for the groups that count.
    fn take_stated(&mut self, folder: &str, package: &PathPackage, counts: fn(Option<&Label>) -> bool) {
        let file = NamedSource::new(&*path::join(folder, package.kind.file()), Arc::from(""));
        let place = LinePlace { file, span: None };
        let stated = package.sources.iter().filter(|(group, ..)| counts(group.as_ref()));
        self.stated.extend(stated.map(|(_, wanted, source)| StatedSource::of_entry(wanted, source, place.clone())));
    }

    /// Takes a dependency of a member's package.json or pyproject.toml as if it were a line.
    fn take_dependency(
        &mut self,
        dependent: &Dependent,
        group: Option<Label>,
        dependency: &resolve::Dependency,
        source: &NamedSource<Arc<str>>,
    ) -> Result<()> {
        // An optional peer makes nothing reachable: it is whatever somebody else brings.
        if dependency.kind == DependencyKind::OptionalPeer {
            return Ok(());
        }
        let requirement = match &dependency.wants {
            Wants::Requirement(requirement) | Wants::Source { requirement, .. } => requirement.clone(),
            Wants::Unsupported { .. } if dependency.kind != DependencyKind::Normal => return Ok(()),
            Wants::Unsupported { .. } if !self.manifest.settings.can_hold(&dependency.when) => return Ok(()),
            Wants::Unsupported { name, text, reason } => {
                let (file, what) = (source.name().to_owned(), format!("{name} {text}"));
                return Err(ProjectError::Unsupported { file, what, reason: reason.clone() }.into());
            }
        };
        if let Some(folder) = requirement.folder() {
            self.read_path_package(folder)?;
            self.take_registries(&requirement, group.as_ref())?;
        } else if requirement.ecosystem().has_markers() && self.manifest.settings.python.is_none() {
            return Err(ProjectError::NoPython(source.name().to_owned()).into());
        }
        let optional = dependency.kind == DependencyKind::Optional;
        let (dependent, when) = (dependent.clone(), Marker::default());
        self.lines.push(RequiredLine { dependent, group, requirement, optional, when, prereleases: false });
        self.places.push(LinePlace { file: source.clone(), span: None });
        Ok(())
    }
}

/// Returns what a member is developed with in the place of a peer: what its groups ask for need not be what it admits elsewhere.
fn developed_with<'p>(package: &'p PathPackage, peer: &resolve::Dependency) -> Option<&'p resolve::Dependency> {
    let mut own = package.groups.values().flatten();
    own.find(|own| peer.kind == DependencyKind::Peer && own.wants.seen_as() == peer.wants.seen_as())
}

/// Returns the folders that dependencies name.
fn folders<'d>(dependencies: impl IntoIterator<Item = &'d resolve::Dependency>) -> impl Iterator<Item = Arc<str>> {
    wanted_folders(dependencies).filter_map(|wanted| wanted.folder().cloned())
}

/// Returns the requirements for folders among dependencies.
fn wanted_folders<'d>(
    dependencies: impl IntoIterator<Item = &'d resolve::Dependency>,
) -> impl Iterator<Item = &'d Requirement> {
    dependencies.into_iter().filter_map(|dependency| match &dependency.wants {
        Wants::Requirement(requirement) => requirement.folder().is_some().then_some(requirement),
        Wants::Source { .. } | Wants::Unsupported { .. } => None,
    })
}
