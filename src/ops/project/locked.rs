//! A project as its lock has it, for commands that take the lock as it is: nothing but the root's manifest is asked what
//! the project wants, so that members may be missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::error::MemberErrors;
use super::lockfile::{self, LockError, LockUse};
use super::watched::Watched;
use super::{LocalPackageIndex, Project, inputs, members};
use crate::lock::{Lockfile, StaleReason};
use crate::manifest::{self, DependencySpec, Group, Manifest, ManifestKind, Spanned};
use crate::model::{Catalogs, Dependent, Label, PackageId, PackageKey, Source, Version};
use crate::ops::Result;
use crate::ops::session::MANIFEST;
use crate::registry::path;
use crate::resolve::Wants;

impl Project {
    /// Reads the project in `root` as far as a command needs that treats the lock in this way.
    pub(in crate::ops) fn read_for(root: PathBuf, lock_use: LockUse) -> Result<Self> {
        match lock_use {
            LockUse::Update | LockUse::Locked => Self::read(root),
            LockUse::Frozen(_) => {
                let lockfile = lockfile::existing(&root)?;
                Self::as_locked(root, &lockfile)
            }
        }
    }

    /// Reads the root's manifest. Which members there are, and which groups they have, is what the lock says.
    pub(in crate::ops) fn as_locked(root: PathBuf, lockfile: &Lockfile) -> Result<Self> {
        let mut watched = Watched::default();
        watched.note(root.join(MANIFEST))?;
        let text = inputs::manifest(&root.join(MANIFEST))?;
        let mut manifest = manifest::parse(MANIFEST, &text, ManifestKind::Root)?;
        let mut groups: BTreeMap<&Arc<str>, BTreeSet<&Label>> = BTreeMap::new();
        for line in &lockfile.graph.roots {
            if let Dependent::Member(folder) = &line.dependent {
                groups.entry(folder).or_default().extend(&line.group);
            }
        }
        let mut folders: BTreeSet<Arc<str>> = groups.keys().map(|folder| Arc::clone(folder)).collect();
        folders.extend(lockfile.graph.packages.values().filter_map(|package| package.folder.clone()));
        for folder in &folders {
            members::stay_inside(&root, folder)?;
            watched.note_manifests(&root.join(&**folder))?;
        }
        let known = groups.values().flatten().copied().chain(manifest.groups.iter().map(|group| &group.name.value));
        let known: BTreeSet<_> = known.collect();
        // A group without lines is in no lock.
        let included = manifest.environments.iter().flat_map(|environment| &environment.include);
        let empty: Vec<Label> = included.filter(|group| !known.contains(group)).cloned().collect();
        let mut declared = vec![with_groups(empty.iter(), false)?];
        let (mut named, mut sources) = (BTreeMap::new(), BTreeMap::new());
        note_origins(&manifest, &mut named, &mut sources);
        let catalogs = manifest.catalogs.clone();
        for (folder, groups) in &groups {
            // Those of a package.json or a pyproject.toml are for development; so is what is not known better.
            let own = inputs::read(&root.join(&***folder).join(MANIFEST), inputs::MANIFEST_SIZE)?;
            let own = own.and_then(|text| String::from_utf8(text).ok());
            declared.push(
                match own.map(|text| {
                    manifest::parse(&format!("{folder}/{MANIFEST}"), &text, ManifestKind::Member(&catalogs))
                }) {
                    Some(Ok(own)) => {
                        note_origins(&own, &mut named, &mut sources);
                        Manifest { groups: own.groups, ..with_groups(std::iter::empty(), false)? }
                    }
                    Some(Err(_)) | None => with_groups(groups.iter().copied(), true)?,
                },
            );
        }
        MemberErrors::none(manifest::join_members(&mut manifest, &declared))?;
        let routed: Vec<&PackageKey> = lockfile.graph.packages.keys().filter(|key| key.id.registry.is_some()).collect();
        let is_named = |key: &PackageKey| {
            let registries = named.get(&key.id.routed(None));
            registries.is_none_or(|registries| key.id.registry.as_ref().is_some_and(|one| registries.contains(one)))
        };
        let strays = routed.iter().filter(|key| !is_named(key));
        let reasons: Vec<_> = strays.map(|key| StaleReason::Rerouted { package: (*key).clone() }.to_string()).collect();
        if !reasons.is_empty() {
            return Err(LockError::Misrouted { reasons }.into());
        }
        let pins = named.into_iter().filter(|(package, _)| !routed.iter().any(|key| key.id.is_same(package)));
        let pins = pins.filter_map(|(package, registries)| Some((package, registries.into_iter().next_back()?)));
        Ok(Self {
            pins: pins.collect(),
            named: Vec::new(),
            stated: Vec::new(),
            sources,
            routes: Vec::new(),
            sides: manifest.sides(),
            root,
            manifest,
            lines: Vec::new(),
            places: Vec::new(),
            members: folders.into_iter().collect(),
            names: LocalPackageIndex::default(),
            warnings: Vec::new(),
            computed_versions: BTreeSet::new(),
            watched,
            path_packages: BTreeMap::new(),
            own_manifests: BTreeMap::new(),
            registries_taken: BTreeSet::new(),
            own_runtimes: BTreeMap::new(),
        })
    }

    /// Returns the folders of members and local packages that the disk has not, but for those that are linked, which a build makes.
    pub(in crate::ops) fn absent(&self, lockfile: &Lockfile) -> Result<BTreeSet<Arc<str>>> {
        let mut absent = BTreeSet::new();
        for folder in &self.members {
            if !members::has_manifest(&self.root.join(&**folder))? {
                absent.insert(Arc::clone(folder));
            }
        }
        if !absent.is_empty() {
            let linked = self.linked(lockfile);
            absent.retain(|folder| !path::may_be_built(folder) || !linked.contains(folder));
        }
        Ok(absent)
    }

    /// Returns the folders that the root's lines and the members that are there link, and those that no build had made when they were locked.
    fn linked(&self, lockfile: &Lockfile) -> BTreeSet<Arc<str>> {
        let packages = lockfile.graph.packages.iter();
        let unbuilt = packages.filter(|(key, _)| key.version == Version::unbuilt());
        let mut linked: BTreeSet<Arc<str>> = unbuilt.filter_map(|(_, package)| package.folder.clone()).collect();
        let grouped = self.manifest.groups.iter().flat_map(|group| &group.dependencies);
        linked.extend(self.manifest.dependencies.iter().chain(grouped).filter_map(|line| match &line.spec {
            DependencySpec::Folder(spec) if spec.name.is_some() => Some(path::join("", &spec.folder)),
            DependencySpec::Folder(_) | DependencySpec::Package(_) => None,
        }));
        // One that asks for a folder without linking it cannot be read while that is not there.
        let names = LocalPackageIndex::new(self.manifest.catalogs.clone());
        let read = |folder: &Arc<str>| path::read(&self.root, folder, &names).ok();
        for package in self.members.iter().filter_map(read) {
            let wanted = package.dependencies.iter().chain(package.groups.values().flatten());
            linked.extend(wanted.filter_map(|one| match &one.wants {
                Wants::Requirement(requirement) => requirement.folder().cloned(),
                Wants::Source { .. } | Wants::Unsupported { .. } => None,
            }));
        }
        // What has lines of its own in the lock is a member, and no build makes it.
        for line in &lockfile.graph.roots {
            if let Dependent::Member(folder) = &line.dependent {
                linked.remove(folder);
            }
        }
        linked
    }
}

/// Returns a member's manifest that has nothing but groups, without their lines.
pub(super) fn with_groups<'a>(names: impl Iterator<Item = &'a Label>, dev: bool) -> Result<Manifest> {
    let mut manifest = manifest::parse(MANIFEST, "", ManifestKind::Member(&Catalogs::default()))?;
    let group = |name: &Label| Group {
        name: Spanned { value: name.clone(), span: (0, 0).into() },
        dev,
        dependencies: Vec::new(),
    };
    manifest.groups = names.map(group).collect();
    Ok(manifest)
}

/// Notes the registries and the places outside of them that a manifest's lines name, by package.
fn note_origins(
    manifest: &Manifest,
    named: &mut BTreeMap<PackageId, BTreeSet<Label>>,
    sources: &mut BTreeMap<PackageId, Source>,
) {
    let grouped = manifest.groups.iter().flat_map(|group| &group.dependencies);
    for line in manifest.dependencies.iter().chain(grouped) {
        if let (manifest::DependencySpec::Package(requirement), Some(registry)) = (&line.spec, &line.registry) {
            named.entry(requirement.package()).or_default().insert(registry.clone());
        }
        if let (manifest::DependencySpec::Package(requirement), Some(source)) = (&line.spec, &line.source) {
            sources.insert(requirement.package(), source.value.clone());
        }
    }
}
