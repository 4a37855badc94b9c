//! The assets of all packages of a registry that is a folder: those of the newest version of each compatible line, and of what these
//! depend on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::assets::{AssetFiles, AssetPackage, AssetSet, PackageIndex};
use crate::document::decode;
use crate::manifest::{self, ManifestKind};
use crate::model::{PackageName, Requirement, Version};
use crate::ops::Result;
use crate::ops::session::MANIFEST;
use crate::package::{ArchiveFile, Body, IndexFile, Published, may_break};
use crate::registry::FolderRegistry;

use super::in_use::OrphanedAsset;

/// Packages of a registry with their assets.
#[derive(Default)]
pub(in crate::ops) struct RegistryAssets {
    packages: Vec<AssetPackage>,
    texts: Texts,
    /// The versions whose archives cannot be read, each with the reason.
    pub(in crate::ops) unreadable: Vec<String>,
}

/// The texts of packages, by their paths.
#[derive(Default)]
struct Texts(Vec<BTreeMap<String, Arc<str>>>);

impl AssetFiles for Texts {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        self.0.get(package)?.get(path).cloned()
    }
}

/// Which versions count, by the package's name.
type IsUsable<'a> = dyn Fn(&str, &semver::Version) -> bool + 'a;

impl RegistryAssets {
    /// Reads the packages of a registry, but for versions that are yanked.
    pub(in crate::ops) fn read(folder: &FolderRegistry) -> Result<Self> {
        Self::read_without(folder, &|_, _| true)
    }

    fn read_without(folder: &FolderRegistry, is_usable: &IsUsable<'_>) -> Result<Self> {
        let packages = folder.packages(&folder.state()?)?;
        let index = packages.iter().filter_map(|(name, file)| {
            Some((PackageName::larder(name).ok()?.folded().into_owned(), (name.as_str(), file)))
        });
        let mut reading = Reading {
            folder,
            index: index.collect(),
            is_usable,
            known: BTreeMap::new(),
            wanted: Vec::new(),
            found: Self::default(),
        };
        for (name, file) in &packages {
            for version in newest(file, &|version| is_usable(name, version)) {
                reading.add(name, version);
            }
        }
        reading.join();
        Ok(reading.found)
    }

    /// Returns their files.
    pub(in crate::ops) fn files(&self) -> &dyn AssetFiles {
        &self.texts
    }

    /// Returns the assets of the packages that could be read.
    pub(in crate::ops) fn set(&self) -> AssetSet<'_> {
        AssetSet::new(self.packages.clone(), &self.texts)
    }
}

/// Returns the assets of a registry's packages that would refer to nothing if a version were yanked: those that refer to it, and that
/// nothing else of what they depend on could serve.
pub(in crate::ops) fn orphaned_by(
    folder: &FolderRegistry,
    name: &PackageName,
    version: &semver::Version,
) -> Result<Vec<OrphanedAsset>> {
    let is_gone = |other: &str, number: &semver::Version| {
        PackageName::larder(other).is_ok_and(|other| other.folded() == name.folded())
            && number.cmp_precedence(version).is_eq()
    };
    let before = RegistryAssets::read(folder)?;
    let set = before.set();
    let is_of_gone = |package: PackageIndex| {
        let package = &before.packages[package];
        is_gone(package.name.as_str(), &package.version)
    };
    // Nobody who refers to it: the registry need not be read again.
    let refer = (0..set.assets().len()).filter(|at| !is_of_gone(set.asset(*at).package));
    let refer: Vec<_> = refer.filter(|at| set.targets(*at).any(|to| is_of_gone(set.asset(to).package))).collect();
    if refer.is_empty() {
        return Ok(Vec::new());
    }
    let after = RegistryAssets::read_without(folder, &|name, version| !is_gone(name, version))?;
    let left = after.set();
    let mut orphaned = Vec::new();
    for at in refer {
        let (asset, owner) = (set.asset(at), set.owner(at));
        let is_same = |other: &usize| left.asset(*other).id == asset.id && left.owner(*other).version == owner.version;
        let Some(other) = (0..left.assets().len()).find(is_same) else { continue };
        let lost =
            set.links(at).iter().zip(left.links(other)).find(|(before, after)| before.to.is_ok() && after.to.is_err());
        let imports = set.content(at).findings.is_empty() && !left.content(other).findings.is_empty();
        let target = match lost {
            Some((before, _)) => before.to.as_ref().ok().copied(),
            None if imports => set.targets(at).find(|to| is_of_gone(set.asset(*to).package)),
            None => None,
        };
        if let Some(target) = target {
            let id = format!("{} of {} {}", asset.id, owner.name, owner.version);
            orphaned.push(OrphanedAsset { path: vec![id.clone(), set.asset(target).id.to_string()], id });
        }
    }
    Ok(orphaned)
}

/// Returns the newest version of each compatible line that is not yanked. Pre-releases count where there is nothing else.
fn newest<'i>(file: &'i IndexFile, is_usable: &dyn Fn(&semver::Version) -> bool) -> Vec<&'i Published> {
    let mut usable: Vec<&Published> =
        file.versions().iter().filter(|one| one.yanked.is_none() && is_usable(&one.version)).collect();
    if usable.iter().any(|one| one.version.pre.is_empty()) {
        usable.retain(|one| one.version.pre.is_empty());
    }
    usable.sort_by(|one, other| one.version.cmp_precedence(&other.version));
    let is_last = |at: &usize| usable.get(at + 1).is_none_or(|next| may_break(&usable[*at].version, &next.version));
    (0..usable.len()).filter(is_last).map(|at| usable[at]).collect()
}

/// Packages as they are found.
struct Reading<'a> {
    folder: &'a FolderRegistry,
    /// The index files, by the names in the form in which spellings are equal.
    index: BTreeMap<String, (&'a str, &'a IndexFile)>,
    is_usable: &'a IsUsable<'a>,
    /// What was looked at: a version without assets has no place.
    known: BTreeMap<(String, semver::Version), Option<PackageIndex>>,
    /// What packages ask for, and was not looked for yet.
    wanted: Vec<(PackageIndex, Requirement)>,
    found: RegistryAssets,
}

impl Reading<'_> {
    /// Adds a version, if it has assets.
    fn add(&mut self, name: &str, version: &Published) -> Option<PackageIndex> {
        let key = (name.to_owned(), version.version.clone());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let has_assets = Body::parse(&version.body).is_ok_and(|body| !body.assets.is_empty());
        // One archive that is damaged keeps nobody from the others.
        let opened = if has_assets { self.folder.published_files(name, version) } else { Ok(None) };
        let at = match opened {
            Ok(opened) => opened.and_then(|(body, files)| self.add_opened(&body, &files)),
            Err(error) => {
                self.found.unreadable.push(format!("{name} {}: {error}", version.version));
                None
            }
        };
        self.known.insert(key, at);
        at
    }

    fn add_opened(&mut self, body: &Body, files: &[ArchiveFile]) -> Option<PackageIndex> {
        let text = |file: &ArchiveFile| Some((file.path.to_string(), Arc::from(decode(file.content.clone()).ok()?)));
        let texts: BTreeMap<String, Arc<str>> = files.iter().filter_map(text).collect();
        let manifest = manifest::parse(MANIFEST, texts.get(MANIFEST)?, ManifestKind::Package).ok()?;
        let (at, folder) = (self.found.packages.len(), body.folder_name());
        self.found.packages.push(AssetPackage {
            name: body.name.clone(),
            version: body.version.clone(),
            manifest: format!("{folder}/{MANIFEST}").into(),
            text: Arc::clone(&manifest.text),
            folder: folder.into(),
            declarations: manifest.assets.clone(),
            dependencies: BTreeMap::new(),
            absent: BTreeMap::new(),
            is_own: false,
        });
        self.found.texts.0.push(texts);
        let features = body.features.values().flat_map(|feature| &feature.dependencies);
        let all = body.dependencies.iter().chain(features).map(|dependency| &dependency.requirement);
        self.wanted.extend(all.filter(|one| one.ecosystem().has_assets()).map(|one| (at, one.clone())));
        Some(at)
    }

    /// Finds what packages ask for: the newest version that fits.
    fn join(&mut self) {
        while let Some((at, requirement)) = self.wanted.pop() {
            let name = requirement.package().name.folded().into_owned();
            let is_usable = self.is_usable;
            let found = self.index.get(&name).copied().and_then(|(name, file)| {
                let fits = |one: &&Published| {
                    one.yanked.is_none()
                        && is_usable(name, &one.version)
                        && requirement.matches(&Version::from(one.version.clone()))
                };
                let newest = file.versions().iter().filter(fits).max_by(|a, b| a.version.cmp_precedence(&b.version));
                Some((name, newest?))
            });
            let reason = match found {
                Some((spelt, version)) => match self.add(spelt, version) {
                    Some(found) => {
                        self.found.packages[at].dependencies.insert(name, found);
                        continue;
                    }
                    None => format!("{spelt} {} has none", version.version),
                },
                None => "the registry has no version of it that fits".to_owned(),
            };
            self.found.packages[at].absent.insert(name, reason);
        }
    }
}
