//! pyproject.toml: the static metadata of `[project]` (PEP 621) and dependency groups (PEP 735).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{PathError, PathKind, PathPackage, Place, file_of, manifest};
use crate::model::{ExtraName, Facts, Label, Marker, PackageName, Requirement};
use crate::registry::pypi::requirement;
use crate::resolve::{Dependency, DependencyKind, Wants};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Pyproject {
    project: Option<Project>,
    #[serde(default)]
    dependency_groups: BTreeMap<String, Vec<GroupItem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Project {
    name: Option<String>,
    version: Option<String>,
    requires_python: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    dynamic: Vec<String>,
    scripts: Option<toml::Table>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum GroupItem {
    Requirement(String),
    Include {
        #[serde(rename = "include-group")]
        group: String,
    },
}

pub(super) fn read(place: Place<'_>, text: &str) -> Result<PathPackage, PathError> {
    let pyproject = parse(place, text)?;
    let Some(project) = pyproject.project else {
        return Err(place.bad(PathKind::Pypi, "it has no [project]"));
    };
    if project.dynamic.iter().any(|field| matches!(field.as_str(), "dependencies" | "optional-dependencies")) {
        return Err(PathError::Dynamic { file: file_of(place.folder, PathKind::Pypi) });
    }
    let name = place.name(PathKind::Pypi, project.name.as_deref())?;
    let mut wanted = Wanted { place, dependent: &name, seen: BTreeSet::new(), found: Vec::new() };
    for text in &project.dependencies {
        wanted.add(text, &Marker::default())?;
    }
    let mut dependencies = wanted.found;
    let mut extras = Vec::new();
    for (extra, requirements) in &project.optional_dependencies {
        let extra: ExtraName =
            extra.parse().map_err(|error: crate::model::NameError| place.bad(PathKind::Pypi, &error.to_string()))?;
        let behind = |text: &String| requirement::dependency(&name, &behind_extra(text, &extra));
        dependencies.extend(requirements.iter().map(behind));
        extras.push(extra);
    }
    let mut groups = BTreeMap::new();
    for group in pyproject.dependency_groups.keys() {
        let label: Label =
            group.parse().map_err(|error: crate::model::LabelError| place.bad(PathKind::Pypi, &error.to_string()))?;
        let mut members = Vec::new();
        collect(&name, &pyproject.dependency_groups, group, &mut Vec::new(), &mut members);
        groups.insert(label, members);
    }
    Ok(PathPackage {
        name,
        version: project.version.as_deref().and_then(version).unwrap_or(semver::Version::new(0, 0, 0)),
        kind: PathKind::Pypi,
        dependencies,
        extras,
        groups,
        facts: Facts {
            requires_python: project.requires_python,
            bin: project.scripts.is_some_and(|scripts| !scripts.is_empty()),
            ..Facts::default()
        },
        listed: Vec::new(),
    })
}

pub(super) fn name(place: Place<'_>, text: &str) -> Result<Option<String>, PathError> {
    Ok(parse(place, text)?.project.and_then(|project| project.name))
}

fn parse(place: Place<'_>, text: &str) -> Result<Pyproject, PathError> {
    toml::from_str(text).map_err(|error| place.bad(PathKind::Pypi, error.message()))
}

/// Reads a version as SemVer, filling in what PEP 440 leaves out: `1.2` is 1.2.0.
fn version(text: &str) -> Option<semver::Version> {
    let dots = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').filter(|b| *b == b'.').count();
    text.parse().ok().or_else(|| match dots {
        0 => format!("{text}.0.0").parse().ok(),
        1 => format!("{text}.0").parse().ok(),
        _ => None,
    })
}

/// What a pyproject.toml asks for. A name that another local Python package has means that package, and nothing that a
/// registry may have under it.
struct Wanted<'a> {
    place: Place<'a>,
    dependent: &'a PackageName,
    /// The local packages that are asked for already, and those of their extras, with their conditions.
    seen: BTreeSet<(Arc<str>, Option<ExtraName>, String)>,
    found: Vec<Dependency>,
}

impl Wanted<'_> {
    /// Adds what is asked for under a condition, beside its own.
    fn add(&mut self, text: &str, condition: &Marker) -> Result<(), PathError> {
        let mut dependency = requirement::dependency(self.dependent, text);
        let Wants::Requirement(Requirement::Pypi { name, extras, specifier, marker }) = &mut dependency.wants else {
            self.found.push(dependency);
            return Ok(());
        };
        *marker = std::mem::take(marker).and(condition.clone());
        let Some((folder, project)) = self.local(name)? else {
            self.found.push(dependency);
            return Ok(());
        };
        let version = project.version.unwrap_or_default();
        let admitted = version.parse().is_ok_and(|version| specifier.admits(&version));
        let wants = if admitted || specifier.specifiers().is_empty() {
            let marker = marker.clone();
            Wants::Requirement(Requirement::Path { name: name.clone(), folder: folder.clone(), marker })
        } else {
            let reason = format!("the project's own {name} is {version}");
            Wants::Unsupported { name: name.clone(), text: text.to_owned(), reason }
        };
        let when = marker.to_string();
        if *name != *self.dependent && self.seen.insert((folder.clone(), None, when.clone())) {
            self.found.push(Dependency { kind: DependencyKind::Normal, wants });
        }
        for (written, requirements) in &project.optional_dependencies {
            let Ok(extra) = written.parse::<ExtraName>() else { continue };
            if extras.contains(&extra) && self.seen.insert((folder.clone(), Some(extra), when.clone())) {
                for text in requirements {
                    self.add(text, marker)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the local Python package of this name.
    fn local(&self, name: &PackageName) -> Result<Option<(Arc<str>, Project)>, PathError> {
        let Some(folder) = self.place.members.get(name) else { return Ok(None) };
        let place = Place { folder, ..self.place };
        match manifest(place.root, folder)? {
            (PathKind::Pypi, text) => Ok(parse(place, &text)?.project.map(|project| (folder.clone(), project))),
            _ => Ok(None),
        }
    }
}

fn behind_extra(text: &str, extra: &ExtraName) -> String {
    match text.split_once(';') {
        Some((requirement, marker)) => format!("{requirement} ; ({}) and extra == '{}'", marker.trim(), extra.as_str()),
        None => format!("{text} ; extra == '{}'", extra.as_str()),
    }
}

fn collect<'a>(
    dependent: &PackageName,
    groups: &'a BTreeMap<String, Vec<GroupItem>>,
    group: &'a str,
    within: &mut Vec<&'a str>,
    into: &mut Vec<Dependency>,
) {
    if within.contains(&group) {
        return;
    }
    within.push(group);
    for item in groups.get(group).into_iter().flatten() {
        match item {
            GroupItem::Requirement(text) => into.push(requirement::dependency(dependent, text)),
            GroupItem::Include { group } => collect(dependent, groups, group, within, into),
        }
    }
    within.pop();
}
