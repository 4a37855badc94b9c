//! pyproject.toml: the static metadata of `[project]` (PEP 621) and dependency groups (PEP 735).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::project_table::{GroupItem, Project};
use super::uv_sources::{self, Source, Sources};
use super::{Local, Meaning, PathError, PathKind, PathPackage, Place, file_of, poetry, required};
use crate::fs;
use crate::model::{ExtraName, Facts, Label, Marker, PackageName, Requirement};
use crate::registry::pypi::requirement;
use crate::resolve::{Dependency, DependencyKind, Wants};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Pyproject {
    project: Option<Project>,
    #[serde(default)]
    dependency_groups: BTreeMap<String, Vec<GroupItem>>,
    tool: Option<toml::Table>,
}

pub(super) fn read(place: Place<'_>, text: &str) -> Result<PathPackage, PathError> {
    let Pyproject { project, dependency_groups: declared, tool } = parse(place, text)?;
    let Some(project) = project else {
        return Err(place.bad(PathKind::Pypi, "it has no [project]"));
    };
    if project.dynamic.iter().any(|field| matches!(field.as_str(), "dependencies" | "optional-dependencies")) {
        return Err(PathError::Dynamic { file: file_of(place.folder, PathKind::Pypi) });
    }
    let name = place.name(PathKind::Pypi, project.name.as_deref())?;
    let sources = uv_sources::read(tool.as_ref());
    let needs = |asked: &[Asked<'_>]| {
        let mut wanted = Wanted::new(place, Some(&name), Some(&sources));
        for asked in asked {
            match asked {
                Asked::Requirement(text) => wanted.add(requirement::dependency(&name, text), &Marker::default())?,
                Asked::Folder(folder) => {
                    wanted.found.push(required(DependencyKind::Normal, place.folder(folder, None)?));
                }
            }
        }
        Ok::<_, PathError>(wanted.found)
    };
    let texts = project.dependencies.iter().map(|text| Asked::Requirement(text));
    let asked: Vec<_> = texts.chain(project.folders.iter().map(|folder| Asked::Folder(folder))).collect();
    let mut dependencies = needs(&asked)?;
    let mut extras = Vec::new();
    for (extra, requirements) in &project.optional_dependencies {
        let extra: ExtraName =
            extra.parse().map_err(|error: crate::model::NameError| place.bad(PathKind::Pypi, &error.to_string()))?;
        let behind = |text: &String| requirement::dependency(&name, &behind_extra(text, &extra));
        // Whoever asks for the extra needs a local package as such, wherever the extra is asked for.
        let is_local = |dependency: &Dependency| match &dependency.wants {
            Wants::Requirement(requirement) => {
                let told = sources.contains_key(&requirement.package().name);
                told || place.members.meaning(requirement) != Meaning::Registry
            }
            Wants::Unsupported { .. } => false,
        };
        dependencies.extend(requirements.iter().map(behind).filter(|dependency| !is_local(dependency)));
        extras.push(extra);
    }
    let mut groups = BTreeMap::new();
    for group in declared.keys() {
        let label: Label =
            group.parse().map_err(|error: crate::model::LabelError| place.bad(PathKind::Pypi, &error.to_string()))?;
        let mut asked = Vec::new();
        collect(&declared, group, &mut Vec::new(), &mut asked);
        groups.insert(label, needs(&asked)?);
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
        warnings: Vec::new(),
        // Where its modules lie may have to be seen.
        listed: vec![String::new(), "src".to_owned()],
        node: None,
    })
}

pub(super) fn name(place: Place<'_>, text: &str) -> Result<Option<String>, PathError> {
    Ok(parse(place, text)?.project.and_then(|project| project.name))
}

fn parse(place: Place<'_>, text: &str) -> Result<Pyproject, PathError> {
    let mut read: Pyproject = toml::from_str(text).map_err(|error| place.bad(PathKind::Pypi, error.message()))?;
    let poetry = read.tool.as_ref().and_then(|tool| tool.get("poetry")?.as_table());
    read.project = poetry::completed(read.project, poetry, &mut read.dependency_groups);
    Ok(read)
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

/// Returns what is needed for a Python requirement whose name a local package has: that package, and what the extras asked
/// of it need.
pub(super) fn local_needs(
    place: Place<'_>,
    dependent: Option<&PackageName>,
    dependency: Dependency,
) -> Result<Vec<Dependency>, PathError> {
    let mut wanted = Wanted::new(place, dependent, None);
    wanted.add(dependency, &Marker::default())?;
    Ok(wanted.found)
}

/// What a requirement leads to.
enum Found {
    Registry,
    Refused(String),
    Local(Local, Requirement),
    Other(Local),
}

/// What a manifest asks for. A name that another local Python package has means that package, and nothing that a registry
/// may have under it: an environment has one package of a name.
struct Wanted<'a> {
    place: Place<'a>,
    dependent: Option<&'a PackageName>,
    /// Where its manifest says that some of them are.
    sources: Option<&'a Sources>,
    /// The local packages that are asked for already, and those of their extras, with their conditions.
    seen: BTreeSet<(Arc<str>, Option<ExtraName>, String)>,
    found: Vec<Dependency>,
}

impl<'a> Wanted<'a> {
    fn new(place: Place<'a>, dependent: Option<&'a PackageName>, sources: Option<&'a Sources>) -> Self {
        Self { place, dependent, sources, seen: BTreeSet::new(), found: Vec::new() }
    }

    /// Adds what is asked for under a condition, beside its own.
    fn add(&mut self, mut dependency: Dependency, condition: &Marker) -> Result<(), PathError> {
        let Wants::Requirement(requirement) = &mut dependency.wants else {
            self.found.push(dependency);
            return Ok(());
        };
        *requirement = requirement.clone().when(condition.clone());
        let (name, text) = (requirement.package().name, requirement.range_text());
        let (local, wants) = match self.found(requirement)? {
            Found::Registry => {
                self.found.push(dependency);
                return Ok(());
            }
            Found::Refused(reason) => {
                let wants = Wants::Unsupported { name, text, reason };
                self.found.push(Dependency { kind: dependency.kind, wants });
                return Ok(());
            }
            Found::Local(local, found) => (local, Wants::Requirement(found)),
            Found::Other(local) => {
                let reason = format!("the project's own is {local}");
                (local, Wants::Unsupported { name, text, reason })
            }
        };
        let (name, extras) = (requirement.name(), requirement.extras());
        let Some(marker) = requirement.marker() else { return Ok(()) };
        let (when, kind) = (marker.to_string(), dependency.kind);
        // It has itself already, unless it asks for another version than it is.
        let has_it = Some(name) == self.dependent && matches!(wants, Wants::Requirement(_));
        if !has_it && self.seen.insert((local.folder.clone(), None, when.clone())) {
            self.found.push(Dependency { kind, wants });
        }
        for (written, requirements) in self.extras(&local)? {
            let Ok(extra) = written.parse::<ExtraName>() else { continue };
            if extras.contains(&extra) && self.seen.insert((local.folder.clone(), Some(extra), when.clone())) {
                for text in requirements {
                    let mut dependency = requirement::dependency(name, &text);
                    if kind == DependencyKind::Optional {
                        dependency.kind = kind;
                    }
                    self.add(dependency, marker)?;
                }
            }
        }
        Ok(())
    }

    /// Returns what a requirement leads to: where its manifest says, else to the local package that has its name.
    fn found(&self, requirement: &Requirement) -> Result<Found, PathError> {
        let name = requirement.package().name;
        let told = self.sources.and_then(|sources| sources.get(&name));
        if let Some(Source::Folder(folder)) = told {
            let found = self.place.folder(folder, Some(&name))?;
            let found = found.when(requirement.marker().cloned().unwrap_or_default());
            if let Some(folder) = found.folder() {
                let local = Local { folder: folder.clone(), package: found.name().clone(), version: None };
                return Ok(Found::Local(local, found));
            }
        }
        Ok(match self.place.members.meaning(requirement) {
            Meaning::Registry => told.and_then(Source::refusal).map_or(Found::Registry, Found::Refused),
            Meaning::Local(found) => match self.place.members.get(requirement.ecosystem(), &name) {
                Some(local) => Found::Local(local.clone(), found),
                None => Found::Registry,
            },
            Meaning::Other(local) => Found::Other(local),
        })
    }

    /// Returns what the extras of a local package need.
    fn extras(&self, local: &Local) -> Result<BTreeMap<String, Vec<String>>, PathError> {
        let place = Place { folder: &local.folder, ..self.place };
        let file = file_of(place.folder, PathKind::Pypi);
        let Ok(text) = fs::read_to_string(&place.root.join(file)) else { return Ok(BTreeMap::new()) };
        Ok(parse(place, &text)?.project.map(|project| project.optional_dependencies).unwrap_or_default())
    }
}

fn behind_extra(text: &str, extra: &ExtraName) -> String {
    match text.split_once(';') {
        Some((requirement, marker)) => format!("{requirement} ; ({}) and extra == '{}'", marker.trim(), extra.as_str()),
        None => format!("{text} ; extra == '{}'", extra.as_str()),
    }
}

/// Something that is asked for, as it is written.
enum Asked<'a> {
    Requirement(&'a str),
    Folder(&'a str),
}

/// Collects the requirements of a group and of those that it includes, which may be in a circle.
fn collect<'a>(
    groups: &'a BTreeMap<String, Vec<GroupItem>>,
    group: &'a str,
    within: &mut Vec<&'a str>,
    into: &mut Vec<Asked<'a>>,
) {
    if within.contains(&group) {
        return;
    }
    within.push(group);
    for item in groups.get(group).into_iter().flatten() {
        match item {
            GroupItem::Requirement(text) => into.push(Asked::Requirement(text)),
            GroupItem::Folder(folder) => into.push(Asked::Folder(folder)),
            GroupItem::Include { group } => collect(groups, group, within, into),
        }
    }
    within.pop();
}
