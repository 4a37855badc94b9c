//! The registries and the settings that a list is read with: those of the project, else the public ones and this machine.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::fs;
use crate::import::{ListedPackage, NotTaken};
use crate::manifest::edit::quoted;
use crate::manifest::{Manifest, parse_requirement};
use crate::model::{BuildApproval, Label, Marker, PackageId, Platform, Requirement};

use super::BatchOptions;
use super::choose::ListEntry;
use super::error::BadEntry;
use crate::diagnostic::Error;
use crate::ops::locking::age::{self, AgeCutoff};
use crate::ops::programs::interpreter;
use crate::ops::project::host;
use crate::ops::runtimes::{self, RuntimeChoice};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Project, Result, Session, lock, mirror};

/// Reads the project that larder was started in; outside of one there is nothing but the public registries.
pub(super) fn open(session: &Session<'_>, options: &BatchOptions) -> Result<Project> {
    let context = session.context;
    for folder in context.folder.ancestors() {
        if fs::stat(&folder.join(MANIFEST))?.is_some() {
            let mut project = Project::open(context)?;
            if !options.platforms.is_empty() {
                let declared = &project.manifest.settings.platforms;
                let chosen = mirror::chosen(&options.platforms, declared.iter().map(|target| target.platform))?;
                project.manifest.settings.platforms.retain(|target| chosen.contains(&target.platform));
            }
            return with_python(context, project);
        }
    }
    let platforms = if options.platforms.is_empty() {
        host::platform().into_iter().collect()
    } else {
        mirror::chosen(&options.platforms, Platform::ALL.into_iter())?
    };
    let mut text = String::from("project \"batch\"\n");
    if !platforms.is_empty() {
        let names: Vec<String> = platforms.iter().map(|platform| quoted(platform.as_str())).collect();
        let _ = writeln!(text, "platforms {}", names.join(" "));
    }
    with_python(context, Project::of_text(context.folder.clone(), &text)?)
}

/// Takes the Python of this machine where none is declared: which wheels there are to fetch depends on it.
fn with_python(context: &Context<'_>, mut project: Project) -> Result<Project> {
    if project.manifest.settings.python.is_none() {
        project.manifest.settings.python = interpreter::python(context)?.and_then(|version| version.parse().ok());
    }
    Ok(project)
}

/// Parses the entries of a list. Returns them with the project in whose registries they are looked for.
pub(super) fn asking(
    session: &Session<'_>,
    project: Project,
    listed: Vec<std::result::Result<ListedPackage, NotTaken>>,
) -> Result<(Vec<ListEntry>, Project)> {
    let mut pins: BTreeMap<PackageId, Option<Label>> = BTreeMap::new();
    let mut asked = Vec::with_capacity(listed.len());
    for listed in listed {
        let listed = match listed {
            Ok(listed) => listed,
            Err(NotTaken { what, why, .. }) => {
                asked.push(ListEntry::wrong(what, None, BadEntry(why).into()));
                continue;
            }
        };
        let requirement = requirement(&project.manifest, &listed).and_then(|requirement| {
            let named = pins.entry(requirement.package()).or_insert_with(|| listed.registry.clone());
            if *named == listed.registry {
                Ok(requirement)
            } else {
                Err(BadEntry("the list takes it from two registries: name the same one each time".to_owned()).into())
            }
        });
        asked.push(match requirement {
            Ok(requirement) => ListEntry::new(listed, requirement),
            Err(error) => ListEntry::wrong(format!("{} {}", listed.ecosystem, listed.name), listed.range, error),
        });
    }
    let mut project = prepared(session, project, &asked)?;
    project.pins = pins.into_iter().filter_map(|(package, registry)| Some((package, registry?))).collect();
    Ok((asked, project))
}

/// Parses what an entry asks for. A registry that another one's claims keep the package from is refused.
fn requirement(manifest: &Manifest, listed: &ListedPackage) -> std::result::Result<Requirement, Error> {
    let parsed = parse_requirement(listed.ecosystem, &listed.name, listed.range.as_deref(), &Marker::default());
    let requirement = parsed.map_err(|error| BadEntry(error.to_string()))?;
    let package = requirement.package();
    let claims = manifest.registries.iter().filter(|one| one.packages.iter().any(|claim| claim.covers(&package)));
    let claimed: Vec<&Label> = claims.map(|registry| &registry.name).collect();
    match &listed.registry {
        Some(named) if !claimed.is_empty() && !claimed.contains(&named) => {
            let why = format!("registry `{}` claims it, and the list names `{named}`", claimed[0]);
            Err(BadEntry(why).into())
        }
        // What is listed by its version is wanted, be it a beta or not.
        _ if requirement.range().starts_with('=') => Ok(requirement.with_features([], true)),
        _ => Ok(requirement),
    }
}

/// Returns the project with what its versions are chosen by: the cutoff of `age`, its runtimes, and that sources may be fetched.
fn prepared(session: &Session<'_>, mut project: Project, asked: &[ListEntry]) -> Result<Project> {
    let requirements = || asked.iter().filter_map(|one| one.requirement.as_ref());
    let old = lock::read(&project)?.lockfile();
    project = age::applied(&project, old.as_ref(), AgeCutoff::default()).into_owned();
    if requirements().any(|requirement| requirement.ecosystem().has_markers()) {
        let runtimes =
            runtimes::choose(session, &project, old.as_ref().map(|old| &old.runtimes), RuntimeChoice::default())?;
        project = runtimes::applied(&project, &runtimes).into_owned();
    }
    let from_source = requirements().filter(|requirement| requirement.ecosystem().has_source_distributions());
    // Fetching builds nothing.
    let approvals: Vec<BuildApproval> = from_source
        .map(|requirement| BuildApproval {
            package: requirement.package(),
            versions: None,
            tools: Vec::new(),
            files: Vec::new(),
            requires: Vec::new(),
        })
        .collect();
    project.manifest.settings.builds.approvals.extend(approvals);
    Ok(project)
}
