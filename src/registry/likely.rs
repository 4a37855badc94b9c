//! Guessing what the solver will choose, so that its metadata is there when it asks.

use crate::model::{Requirement, Settings, Version};
use crate::resolve::{self, Candidate, DependencyKind, Release, Versions, Wants};

/// Returns the version that a requirement most likely gets.
pub(super) fn version(versions: &Versions, requirement: &Requirement, settings: &Settings) -> Option<u32> {
    let before = settings.released_before;
    let in_time = |candidate: &Candidate| candidate.is_before(before);
    let candidates = || {
        let numbered = versions.candidates.iter().enumerate().rev().map(|(at, candidate)| (at as u32, candidate));
        numbered.filter(|(_, candidate)| in_time(candidate))
    };
    match requirement {
        Requirement::Npm { range, .. } => {
            if let Some(tag) = range.tag() {
                return resolve::tagged(versions, tag, before);
            }
            let fits = |candidate: &Candidate| requirement.matches(&candidate.version);
            let latest = resolve::tagged(versions, "latest", before);
            let latest = latest.filter(|at| {
                versions.candidates.get(*at as usize).is_some_and(|latest| in_time(latest) && fits(latest))
            });
            latest
                .or_else(|| candidates().find(|(_, c)| !c.deprecated && fits(c)).map(|(at, _)| at))
                .or_else(|| candidates().find(|(_, c)| fits(c)).map(|(at, _)| at))
        }
        Requirement::Pypi { .. } => {
            let python = settings.python.as_ref().map(crate::model::PythonVersion::full);
            let suits = |candidate: &Candidate, from_source: bool| {
                let admitted = match (&candidate.requires_python, &python) {
                    (Some(admits), Some(python)) => resolve::python_fits(python, admits),
                    _ => true,
                };
                let installs = if from_source {
                    candidate.is_source_only()
                } else {
                    settings.platforms.iter().any(|p| candidate.wheels.contains(p.platform))
                };
                !candidate.yanked && admitted && installs && requirement.matches(&candidate.version)
            };
            let is_final = |version: &Version| !version.is_prerelease();
            let best = |from_source| {
                candidates()
                    .find(|(_, c)| is_final(&c.version) && suits(c, from_source))
                    .or_else(|| candidates().find(|(_, c)| suits(c, from_source)))
            };
            best(false).or_else(|| best(true)).map(|(at, _)| at)
        }
        Requirement::Larder { .. } | Requirement::Path { .. } => candidates().next().map(|(at, _)| at),
    }
}

/// Returns what a release will make the solver ask for, when it was asked for by `requirement`.
pub(super) fn next<'a>(
    release: &'a Release,
    requirement: Option<&'a Requirement>,
    settings: &'a Settings,
) -> impl Iterator<Item = &'a Requirement> {
    let extras = match requirement {
        Some(Requirement::Pypi { extras, .. }) => extras.as_slice(),
        _ => &[],
    };
    let holds = move |wanted: &&Requirement| match (wanted, &settings.python) {
        (Requirement::Pypi { marker, .. }, Some(python)) => {
            settings.platforms.iter().any(|target| marker.holds(target.platform, python, extras))
        }
        _ => true,
    };
    release
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::OptionalPeer)
        .filter_map(|dependency| match &dependency.wants {
            Wants::Requirement(wanted) => Some(wanted),
            Wants::Unsupported { .. } => None,
        })
        .filter(holds)
}
