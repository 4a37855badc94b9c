mod closure;
mod fallback;
mod freshness;
mod sides;
mod survival;
mod text;

use miette::Diagnostic;

use crate::model::{Dependent, Marker, PackageName, Requirement};
use crate::resolve::RequiredLine;

use super::{Lockfile, parse};

/// Parses the text of a lock, given without its first line.
#[track_caller]
fn lock(text: &str) -> Lockfile {
    let text = format!("version = 1\n{text}");
    parse("larder.lock", &text).unwrap_or_else(|e| panic!("{e}\n{:?}", e.labels().map(Iterator::collect::<Vec<_>>)))
}

fn npm(alias: &str, range: &str) -> Requirement {
    let alias = PackageName::npm(alias).unwrap();
    Requirement::Npm { name: alias.clone(), alias, range: range.parse().unwrap() }
}

fn pypi(text: &str) -> Requirement {
    Requirement::from_pep508(text).unwrap()
}

fn line(requirement: Requirement) -> RequiredLine {
    RequiredLine {
        dependent: Dependent::Project,
        group: None,
        requirement,
        optional: false,
        when: Marker::default(),
        prereleases: false,
    }
}
