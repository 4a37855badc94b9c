//! What can go wrong between the rooms.

use std::fmt;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode};

use crate::diagnostic::{Exit, Failure, list};
use crate::model::{Edition, Side};
use crate::resolve::{LineId, NoSolution, TooManyPeerContexts};

use super::Project;

/// A lock that is not what a command needs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum LockError {
    /// There is none.
    #[error("there is no larder.lock")]
    #[diagnostic(code(larder::lock::absent), help("`larder lock` makes one"))]
    Absent,
    /// It is not what the manifest asks for.
    #[error("larder.lock is not up to date{}", listed(reasons))]
    #[diagnostic(code(larder::lock::stale), help("`larder lock` brings it up to date; commit the result"))]
    Stale {
        /// Why, a line each.
        reasons: Vec<String>,
    },
    /// It has packages from registries that the manifest does not take them from.
    #[error("larder.lock contradicts the manifest's registries{}", listed(reasons))]
    #[diagnostic(
        code(larder::lock::registries),
        help("`larder lock` takes them from the registries that the manifest names; commit the result")
    )]
    Misrouted {
        /// Why, a line each.
        reasons: Vec<String>,
    },
    /// A merge left its marks in it.
    #[error("larder.lock has merge conflicts")]
    #[diagnostic(
        code(larder::lock::conflict),
        help("`larder lock` repairs it, and keeps every choice on which both sides agree")
    )]
    Conflict,
    /// It is not text at all.
    #[error("larder.lock is not UTF-8 text")]
    #[diagnostic(
        code(larder::lock::not_text),
        help("take it from version control, or delete it and run `larder lock`")
    )]
    NotText,
    /// It follows a list that this larder does not have.
    #[error(
        "larder.lock follows edition {found} of the list of forgotten dependencies, and this larder has edition {own}"
    )]
    #[diagnostic(
        code(larder::lock::newer_list),
        help("lock with the larder that wrote it, or a newer one; syncing what is locked works with this one too")
    )]
    NewerList {
        /// The edition that the lock follows.
        found: Edition,
        /// The edition of this larder.
        own: Edition,
    },
    /// A package that must be there is not.
    #[error("{0}")]
    #[diagnostic(code(larder::lock::missing_package))]
    Missing(String),
}

impl Failure for LockError {
    fn exit(&self) -> Exit {
        match self {
            Self::Absent | Self::Conflict | Self::Stale { .. } | Self::Misrouted { .. } => Exit::Refused,
            Self::NotText | Self::NewerList { .. } => Exit::Manifest,
            Self::Missing(_) => Exit::NoSolution,
        }
    }
}

fn listed(reasons: &[String]) -> String {
    match reasons {
        [] => String::new(),
        [one] => format!(": {one}"),
        many => format!(":{}", list(many)),
    }
}

fn with(side: Option<&Side>) -> String {
    let groups: Vec<&str> = side.into_iter().flat_map(Side::groups).collect();
    match groups[..] {
        [] => String::new(),
        [one] => format!(" with group `{one}`"),
        _ => format!(" with groups `{}`", groups.join("` and `")),
    }
}

/// A manifest that no versions satisfy, with the lines to change underlined.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Unsatisfiable {
    message: String,
    code: &'static str,
    help: Option<String>,
    file: Option<NamedSource<Arc<str>>>,
    labels: Vec<LabeledSpan>,
}

impl Unsatisfiable {
    /// Joins a contradiction with the lines that it comes from.
    pub(super) fn new(project: &Project, core: &NoSolution, side: Option<&Side>) -> Self {
        let message = format!("no versions satisfy the manifest{}{}", with(side), listed(&core.because));
        Self::at(project, &core.lines, message, "larder::resolve::no_solution", core.help.clone())
    }

    /// Joins peers that are bound in too many ways with the lines that lead to them.
    pub(super) fn entangled(project: &Project, entangled: &TooManyPeerContexts) -> Self {
        let help = Some(entangled.help());
        Self::at(project, &entangled.lines, entangled.to_string(), "larder::resolve::entangled", help)
    }

    fn at(project: &Project, lines: &[LineId], message: String, code: &'static str, help: Option<String>) -> Self {
        let places: Vec<_> = lines.iter().filter_map(|line| project.places.get(line.0 as usize)).collect();
        // One drawing shows one file: the first that a line of the contradiction stands in.
        let file = places.iter().find(|place| place.span.is_some()).map(|place| place.file.clone());
        let shown = file.as_ref().map(|file| file.name().to_owned());
        let labels = places
            .iter()
            .filter(|place| Some(place.file.name()) == shown.as_deref())
            .filter_map(|place| place.span)
            .map(|span| LabeledSpan::new_with_span(None, span))
            .collect();
        Self { message, code, help, file, labels }
    }
}

impl miette::Diagnostic for Unsatisfiable {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl Failure for Unsatisfiable {
    fn exit(&self) -> Exit {
        Exit::NoSolution
    }
}
