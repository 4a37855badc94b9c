//! Guessing what the solver will choose, so that its metadata is there when it asks. The picks are the solver's own rules.

use crate::model::{Requirement, Settings};

use super::index::{DependencyKind, Release, Versions, Wants};
use super::version_rules;

/// Returns the version that a requirement most likely gets.
pub fn likely(requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32> {
    version_rules::of(requirement.ecosystem()).likely(requirement, versions, settings)
}

/// Returns what a release will make the solver ask for, when it was asked for by `requirement`.
pub fn likely_needs<'a>(
    release: &'a Release,
    requirement: Option<&'a Requirement>,
    settings: &'a Settings,
) -> impl Iterator<Item = &'a Requirement> {
    let extras = requirement.map_or(&[][..], Requirement::extras);
    let holds = move |wanted: &&Requirement| match (wanted.marker(), &settings.python) {
        (Some(marker), Some(python)) if wanted.ecosystem().has_markers() => {
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
            Wants::Source { .. } | Wants::Unsupported { .. } => None,
        })
        .filter(holds)
}
