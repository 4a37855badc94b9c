//! Optional lines of manifests that were dropped while locking: each is told, with the reason, as far as it is known.

use crate::lock::Lockfile;
use crate::model::{PackageId, RootEdge};
use crate::ops::project::manifest_of;
use crate::ops::{Event, Project, Session};
use crate::registry::Registries;
use crate::resolve::{Index, IndexError, RequiredLine};

/// Says which optional lines have nothing in a lock that was just solved, though they hold on a declared platform.
pub(in crate::ops) fn tell(session: &Session<'_>, project: &Project, registries: &Registries, lockfile: &Lockfile) {
    let dropped = lockfile.graph.roots.iter().filter(|line| line.optional && line.to.is_empty());
    for line in dropped.filter(|line| holds(project, line)) {
        let package = line.requirement.package();
        // What is for other systems is not missed here.
        if is_for_others(project, registries, &package, line) {
            continue;
        }
        let (range, manifest) = (line.requirement.range_text(), manifest_of(&line.dependent));
        let range = if range.is_empty() { range } else { format!(" {range}") };
        (session.context.reporter)(Event::Warning(format!(
            "{package}{range} of {manifest} is optional and was left out of the lock: {}",
            reason(registries, &package, line)
        )));
    }
}

/// Returns whether the line holds on a platform that the project is for.
fn holds(project: &Project, line: &RootEdge) -> bool {
    let settings = &project.manifest.settings;
    let is_same = |declared: &&RequiredLine| {
        (&declared.dependent, &declared.group, &declared.requirement)
            == (&line.dependent, &line.group, &line.requirement)
    };
    let python = settings.marker_python();
    let declared = project.lines.iter().filter(is_same);
    let platforms = || settings.platforms.iter().map(|target| target.platform);
    let markers = declared.map(|declared| (&declared.when, declared.requirement.marker()));
    { markers }.any(|(when, own)| {
        let mut there = platforms();
        there.any(|platform| {
            when.holds(platform, &python, &[]) && own.is_none_or(|own| own.holds(platform, &python, &[]))
        })
    })
}

/// Returns whether the newest version that a line admits is for none of the declared platforms, by its `os`, `cpu` and `libc`.
fn is_for_others(project: &Project, registries: &Registries, package: &PackageId, line: &RootEdge) -> bool {
    let Ok(versions) = registries.versions(package) else { return false };
    let newest = versions.candidates.iter().rposition(|one| line.requirement.matches(&one.version));
    let ordinal = newest.and_then(|place| u32::try_from(place).ok());
    let Some(Ok(release)) = ordinal.map(|ordinal| registries.release_only(package, ordinal)) else { return false };
    !project.manifest.settings.platforms.iter().any(|target| release.facts.admit(target.platform))
}

fn reason(registries: &Registries, package: &PackageId, line: &RootEdge) -> String {
    match registries.versions(package) {
        Err(error @ (IndexError::NotFound { .. } | IndexError::Unserved(_))) => error.to_string(),
        Err(_) => "its registry does not tell of it".to_owned(),
        Ok(versions) if versions.candidates.iter().any(|one| line.requirement.matches(&one.version)) => {
            "no version of it can be had beside the other lines".to_owned()
        }
        Ok(versions) => match versions.candidates.last() {
            Some(newest) => format!("there is no such version; the newest is {}", newest.version),
            None => "it has no versions".to_owned(),
        },
    }
}
