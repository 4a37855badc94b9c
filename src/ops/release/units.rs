//! What has a version of its own: the project, and its members.

use std::path::Path;

use semver::Version;

use super::error::ReleaseError;
use crate::git::{Checkout, MergedTag};
use crate::manifest::{self, ManifestKind};
use crate::model::Catalogs;
use crate::ops::packages::below;
use crate::ops::project::{inputs, members};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Result};
use crate::release::{self, TagNames};

/// Something with a version.
#[derive(Clone, Debug)]
pub(super) struct ReleaseUnit {
    /// Its name.
    pub(super) name: String,
    /// Its folder, relative to the root; empty for the root.
    pub(super) folder: String,
    /// The folders of its Node half and its Python half that are not its own folder and no units, relative to the root.
    pub(super) halves: Vec<String>,
    /// The version that its files state.
    pub(super) version: Version,
    /// How its releases are tagged.
    pub(super) tags: TagNames,
}

/// Opens the repository of a project.
pub(super) fn open(context: &Context<'_>, root: &Path) -> Result<Checkout> {
    Ok(Checkout::open(super::git_program(context), root)?)
}

/// Finds the units of a project in its repository, which has other projects where it is not the folder of this one: each of those has tags
/// of its own.
pub(super) fn find_in(repository: &Checkout, root: &Path) -> Result<Vec<ReleaseUnit>> {
    let mut units = find(root)?;
    for unit in units.iter_mut().filter(|unit| unit.folder.is_empty() && !repository.is_whole()) {
        unit.tags = TagNames::Of(unit.name.clone());
    }
    Ok(units)
}

/// Returns the version and the tag of a unit's last release.
pub(super) fn last_release<'t>(
    repository: &Checkout,
    unit: &ReleaseUnit,
    tags: &'t [MergedTag],
) -> Result<Option<(Version, &'t str)>> {
    let last = release::last_release(&unit.tags, tags.iter().map(|tag| &*tag.name));
    if !unit.folder.is_empty() || unit.tags == TagNames::Plain {
        return Ok(last);
    }
    // Projects below their repository were tagged `v1.2.3` before, with their name in the tag's message.
    let names_unit = |tag: &&MergedTag| {
        let version = TagNames::Plain.version(&tag.name);
        version.is_some_and(|version| tag.subject == format!("{} {version}", unit.name))
    };
    let plain = release::last_release(&TagNames::Plain, tags.iter().filter(names_unit).map(|tag| &*tag.name));
    if last.is_some() || plain.is_some() {
        return Ok(last.max(plain));
    }
    // Nothing says whose a tag is that a person made, but the version that the manifest states.
    let stated = TagNames::Plain.tag(&unit.version);
    let found = tags.iter().find(|tag| tag.name == stated && unit.version.pre.is_empty());
    let Some(tag) = found else { return Ok(None) };
    let is_of_other = repository.subject(&format!("refs/tags/{stated}"))?.starts_with("chore(release): ")
        && !repository.changes_project(&stated)?;
    Ok((!is_of_other).then(|| (unit.version.clone(), &*tag.name)))
}

/// Finds the units of a project: the root first.
pub(super) fn find(root: &Path) -> Result<Vec<ReleaseUnit>> {
    let text = inputs::manifest(&root.join(MANIFEST))?;
    let manifest = manifest::parse(MANIFEST, &text, ManifestKind::Package)?;
    let folders = members::find(root, manifest.members.iter().map(|glob| &*glob.value))?.folders;
    let mut units = Vec::new();
    for folder in std::iter::once("").chain(folders.iter().map(|folder| &**folder)) {
        units.extend(unit(root, folder, &manifest.catalogs)?);
    }
    let of_units: Vec<String> = units.iter().map(|unit: &ReleaseUnit| unit.folder.clone()).collect();
    for unit in &mut units {
        unit.halves.retain(|half| !of_units.contains(half));
    }
    if units.is_empty() { Err(ReleaseError::NoVersion.into()) } else { Ok(units) }
}

fn unit(root: &Path, folder: &str, catalogs: &Catalogs) -> Result<Option<ReleaseUnit>> {
    let place = root.join(folder);
    let (mut stated, mut halves): (Option<(String, Version)>, Vec<String>) = (None, Vec::new());
    if let Some(text) = inputs::text(&place.join(MANIFEST))? {
        let kind = if folder.is_empty() { ManifestKind::Package } else { ManifestKind::Member(catalogs) };
        let file = if folder.is_empty() { MANIFEST.to_owned() } else { format!("{folder}/{MANIFEST}") };
        let manifest = manifest::parse(&file, &text, kind)?;
        let package = manifest.package.iter().flat_map(|package| [&package.node, &package.python]);
        halves = package.flatten().filter(|half| half.value != ".").map(|half| below(folder, &half.value)).collect();
        halves.dedup();
        stated = manifest.identity().and_then(|(name, version)| Some((name.to_owned(), version?.clone())));
    }
    let foreign = |file: &str, read: fn(&str) -> Option<(String, String)>| -> Result<Option<(String, Version)>> {
        let Some(text) = inputs::text(&place.join(file))? else { return Ok(None) };
        Ok(read(&text).and_then(|(name, version)| Some((name, version.parse().ok()?))))
    };
    if stated.is_none() {
        stated = foreign("package.json", of_package_json)?;
    }
    if stated.is_none() {
        stated = foreign("pyproject.toml", of_pyproject)?;
    }
    Ok(stated.map(|(name, version)| ReleaseUnit {
        tags: if folder.is_empty() { TagNames::Plain } else { TagNames::Of(name.clone()) },
        name,
        folder: folder.to_owned(),
        halves,
        version,
    }))
}

fn of_package_json(text: &str) -> Option<(String, String)> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    Some((value["name"].as_str()?.to_owned(), value["version"].as_str()?.to_owned()))
}

fn of_pyproject(text: &str) -> Option<(String, String)> {
    let value: toml::Table = toml::from_str(text).ok()?;
    let project = value.get("project")?.as_table()?;
    Some((project.get("name")?.as_str()?.to_owned(), project.get("version")?.as_str()?.to_owned()))
}
