//! Adding dependencies: solved before anything is written.

use std::collections::BTreeSet;

use crate::diagnostic::{Exit, Failure};
use crate::manifest;
use crate::manifest::edit::{self, NewLine, PropertyValue, Section};
use crate::model::{PackageName, RootEdge, Version};
use crate::resolve::RequiredLine;

use super::lock::{self, Changes, Replacement, Wish};
use super::locking::age::AgeCutoff;
use super::project;
use super::project::snapshot::{self, InputSnapshot};
use super::project::spec::Spec;
use super::project::target::{EditTarget, Edited};
use super::{Project, Result, Session, sync};

/// What to add.
#[derive(Clone, Copy, Debug, Default)]
pub struct AddRequest<'a> {
    /// The packages as the command line names them.
    pub packages: &'a [String],
    /// The group; none for `dependencies`.
    pub group: Option<&'a str>,
    /// `optional=#true`
    pub optional: bool,
    /// `registry=`
    pub registry: Option<&'a str>,
    /// `marketplace=`
    pub marketplace: Option<u32>,
    /// What only lines of private packages say.
    pub private: PrivateOptions<'a>,
    /// Whether a sync follows: what it would refuse is refused before anything is written.
    pub syncs: bool,
}

/// What only lines of private packages say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrivateOptions<'a> {
    /// `features=`
    pub features: Option<&'a str>,
    /// `default-features=#false`
    pub without_default_features: bool,
    /// `beta=#true`
    pub beta: bool,
}

impl<'a> PrivateOptions<'a> {
    /// Returns the properties of a line.
    fn properties(self) -> impl Iterator<Item = (&'a str, PropertyValue<'a>)> {
        let features = self.features.map(|features| ("features", PropertyValue::Text(features)));
        let default = self.without_default_features.then_some(("default-features", PropertyValue::Flag(false)));
        let beta = self.beta.then_some(("beta", PropertyValue::Flag(true)));
        features.into_iter().chain(default).chain(beta)
    }
}

/// Adds lines to the manifest. A package without a range gets one that starts at the version that was chosen.
pub fn add(session: &Session<'_>, request: &AddRequest<'_>) -> Result<Changes> {
    let root = project::find_root(session.context)?;
    snapshot::undisturbed(&root, |snapshot| add_once(session, &Project::read(root.clone())?, request, snapshot))
}

/// None where somebody else wrote manifest or lock meanwhile.
fn add_once(
    session: &Session<'_>,
    old: &Project,
    request: &AddRequest<'_>,
    snapshot: &InputSnapshot,
) -> Result<Option<Changes>> {
    let specs = request.packages.iter().map(|text| Spec::parse(text)).collect::<std::result::Result<Vec<_>, _>>()?;
    let asks_private = request.private != PrivateOptions::default();
    if let Some(other) = specs.iter().find(|spec| asks_private && !spec.ecosystem.has_features()) {
        return Err(NotPrivate { package: format!("{}:{}", other.ecosystem, other.name) }.into());
    }
    let (target, place) = (EditTarget::of(session.context, old)?, place(request)?);
    let before = lock::read(old)?.lockfile().unwrap_or_default();

    // First with any version, to learn which one is chosen; then with the range that is written.
    let open = edited(&target, &specs, &place, request)?;
    let project = target.tried(old, &open)?;
    let added = added(&specs, &project.lines);
    let asked = added.iter().map(|line| line.requirement.package()).collect();
    // Who names a dist-tag wants what it stands for now.
    let tagged = added.iter().filter(|line| line.requirement.tag().is_some());
    let moved = tagged.map(|line| line.requirement.package()).collect();
    let asked_groups = place.group().into_iter().cloned().collect();
    let wish = Wish { asked, moved, asked_groups, age_cutoff: AgeCutoff::Moved, ..Wish::keeping(&before) };
    let (first, _) = lock::solve(session, &project, &wish)?;
    let specs: Vec<Spec> = specs
        .into_iter()
        .map(|spec| {
            let Some(chosen) = chosen(&first.graph.roots, &spec, &target, &place) else { return spec };
            // A marketplace has one version of an application.
            let open = request.marketplace.is_none();
            let range = spec.range.clone().or_else(|| chosen_range(chosen, &spec).filter(|_| open));
            Spec { name: spelling(chosen, &spec), range, ..spec }
        })
        .collect();
    let text = edited(&target, &specs, &place, request)?;
    let project = target.tried(old, &text)?;
    let (lockfile, solved) = lock::solve(session, &project, &Wish::keeping(&first))?;
    if request.syncs {
        sync::check(session, &project, &lockfile)?;
    }

    let edited = Edited { target: &target, text: &text };
    let replacement = Replacement { project: &project, edited: Some(&edited), old: &before, snapshot };
    let Some(locked) = replacement.write(session.context, (lockfile, &solved))? else { return Ok(None) };
    let lines = specs.iter().map(|spec| {
        let range = spec.range.as_deref().map(|range| format!(" {range}")).unwrap_or_default();
        let root = chosen(&locked.lockfile.graph.roots, spec, &target, &place);
        let nothing = match root.filter(|root| root.to.is_empty()) {
            Some(root) if project.manifest.settings.instance.provides(&root.requirement) => {
                "; the instance provides it"
            }
            Some(_) => "; it brings nothing on the declared platforms",
            None => "",
        };
        format!("Added {}:{}{range} to {place}{}{nothing}", spec.ecosystem, spec.name, target.suffix())
    });
    let lines = lines.collect();
    Ok(Some(Changes { lines, locked }))
}

/// Returns the lines that were added.
fn added<'l>(specs: &[Spec], lines: &'l [RequiredLine]) -> Vec<&'l RequiredLine> {
    let is_added = |line: &&RequiredLine| {
        let (package, seen_as) = (line.requirement.package(), line.requirement.seen_as());
        specs.iter().any(|spec| {
            let bare = spec.name.split('[').next().unwrap_or_default();
            spec.ecosystem == package.ecosystem
                && PackageName::parse(spec.ecosystem, bare).is_ok_and(|name| name == *seen_as)
        })
    };
    lines.iter().filter(is_added).collect()
}

fn place(request: &AddRequest<'_>) -> Result<Section> {
    match request.group {
        None => Ok(Section::Dependencies),
        Some(name) => match name.parse() {
            Ok(label) => Ok(Section::Group(label)),
            Err(error) => Err(BadGroup(error).into()),
        },
    }
}

fn edited(target: &EditTarget, specs: &[Spec], place: &Section, request: &AddRequest<'_>) -> Result<String> {
    let mut properties = Vec::new();
    if request.optional {
        properties.push(("optional", PropertyValue::Flag(true)));
    }
    if let Some(registry) = request.registry {
        properties.push(("registry", PropertyValue::Text(registry)));
    }
    properties.extend(request.marketplace.map(|id| ("marketplace", PropertyValue::Number(id))));
    properties.extend(request.private.properties());
    let mut text = target.text().to_owned();
    for spec in specs {
        let line = NewLine {
            ecosystem: spec.ecosystem,
            name: &spec.name,
            range: spec.range.as_deref(),
            properties: properties.clone(),
        };
        text = edit::add(&target.file, &text, place, &line)?;
    }
    Ok(text)
}

/// Returns what was chosen for a line that is added.
fn chosen<'r>(roots: &'r [RootEdge], spec: &Spec, target: &EditTarget, place: &Section) -> Option<&'r RootEdge> {
    let bare = spec.name.split('[').next()?;
    let group = place.group();
    let named = |root: &&RootEdge| {
        root.dependent == target.dependent()
            && root.group.as_ref() == group
            && root.requirement.package().ecosystem == spec.ecosystem
            && crate::model::PackageName::parse(spec.ecosystem, bare).is_ok_and(|n| n == *root.requirement.seen_as())
    };
    roots.iter().find(named)
}

/// Returns a name as its package spells it, where packages keep their spelling.
fn spelling(chosen: &RootEdge, spec: &Spec) -> String {
    let package = chosen.to.first().map(|edge| &edge.to.package.id);
    match package.filter(|package| package.ecosystem.has_install_order()) {
        Some(package) => package.name.to_string(),
        None => spec.name.clone(),
    }
}

/// Returns the range that admits what was chosen and what is compatible with it.
fn chosen_range(chosen: &RootEdge, spec: &Spec) -> Option<String> {
    let versions: BTreeSet<&Version> = chosen.to.iter().map(|edge| &edge.to.package.version).collect();
    let lowest = versions.first()?;
    manifest::compatible_range(spec.ecosystem, lowest)
}

/// A group whose name is none.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the group's name cannot be used: {0}")]
#[diagnostic(code(larder::add::bad_group))]
pub struct BadGroup(crate::model::LabelError);

impl Failure for BadGroup {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// An option of private packages for another one.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} is no private package, and others have neither features nor betas")]
#[diagnostic(
    code(larder::add::not_private),
    help(
        "extras of a Python package stand behind its name: `larder add pypi:fastapi[standard]`. Add the others by a command of their own"
    )
)]
struct NotPrivate {
    package: String,
}

impl Failure for NotPrivate {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
