//! larder.kdl of a local folder: its `project`, `dependencies` and groups.

use std::sync::Arc;

use super::{PathError, PathKind, PathPackage, Place, file_of, required};
use crate::manifest::{self, Manifest, Wanted};
use crate::model::Facts;
use crate::resolve::{Dependency, DependencyKind};

pub(super) fn read(place: Place<'_>, text: &str) -> Result<PathPackage, PathError> {
    let manifest = parse(place, text)?;
    let project = manifest.project.as_ref();
    let name = place.name(PathKind::Larder, project.map(|project| project.name.value.as_str()))?;
    let version = project.and_then(|project| project.version.clone()).unwrap_or(semver::Version::new(0, 0, 0));
    let group = |group: &manifest::Group| Ok((group.name.value.clone(), lines(place, &group.dependencies)?));
    Ok(PathPackage {
        name,
        version,
        kind: PathKind::Larder,
        dependencies: lines(place, &manifest.dependencies)?,
        extras: Vec::new(),
        groups: manifest.groups.iter().map(group).collect::<Result<_, PathError>>()?,
        facts: Facts::default(),
        listed: Vec::new(),
    })
}

pub(super) fn name(place: Place<'_>, text: &str) -> Result<Option<String>, PathError> {
    Ok(parse(place, text)?.project.map(|project| project.name.value))
}

fn parse(place: Place<'_>, text: &str) -> Result<Manifest, PathError> {
    let file = file_of(place.folder, PathKind::Larder);
    let kind = if place.folder.is_empty() { manifest::Kind::Root } else { manifest::Kind::Member };
    manifest::parse(&file, text, kind).map_err(|errors| PathError::Manifest(Arc::new(errors)))
}

fn lines(place: Place<'_>, dependencies: &[manifest::Dependency]) -> Result<Vec<Dependency>, PathError> {
    let line = |dependency: &manifest::Dependency| {
        let kind = if dependency.optional { DependencyKind::Optional } else { DependencyKind::Normal };
        let requirement = match &dependency.wanted {
            Wanted::Package(requirement) => requirement.clone(),
            Wanted::Folder(folder) => place.folder(folder)?,
        };
        Ok(required(kind, requirement))
    };
    dependencies.iter().map(line).collect()
}
