//! Removing dependencies: solved before anything is written.

use crate::diagnostic::{Exit, Failure, nearest};
use crate::manifest::edit::{self, Section};
use crate::manifest::{self, DependencyLine, DependencySpec};
use crate::model::{Ecosystem, PackageId};

use super::lock::{self, Changes, Replacement, Wish};
use super::project;
use super::project::snapshot::{self, InputSnapshot};
use super::project::spec::Known;
use super::project::target::{EditTarget, Edited};
use super::{Project, Result, Session};

/// Removes lines from the manifest.
pub fn remove(session: &Session<'_>, names: &[String], group: Option<&str>) -> Result<Changes> {
    let root = project::find_root(session.context)?;
    snapshot::undisturbed(&root, |snapshot| {
        remove_once(session, &Project::read(root.clone())?, (names, group), snapshot)
    })
}

/// None where somebody else wrote manifest or lock meanwhile.
fn remove_once(
    session: &Session<'_>,
    old: &Project,
    (names, group): (&[String], Option<&str>),
    snapshot: &InputSnapshot,
) -> Result<Option<Changes>> {
    let before = lock::read(old)?.lockfile().unwrap_or_default();
    let target = EditTarget::of(session.context, old)?;
    let mut text = target.text().to_owned();
    let mut lines = Vec::new();
    for name in names {
        let found = find(&target, name, group)?;
        for line in found {
            text = edit::remove(&target.file, &text, &line.place, line.ecosystem, &line.name)?;
            lines.push(format!("Removed {}:{} from {}{}", line.ecosystem, line.name, line.place, target.suffix()));
        }
    }
    let project = target.tried(old, &text)?;
    let (lockfile, solved) = lock::solve(session, &project, &Wish::keeping(&before))?;
    let edited = Edited { target: &target, text: &text };
    let replacement = Replacement { project: &project, edited: Some(&edited), old: &before, snapshot };
    Ok(replacement.write(session.context, (lockfile, &solved))?.map(|locked| Changes { lines, locked }))
}

/// A line as the editor names it.
struct RemovedLine {
    place: Section,
    ecosystem: Ecosystem,
    name: String,
}

fn find(target: &EditTarget, name: &str, group: Option<&str>) -> Result<Vec<RemovedLine>> {
    let known = Known::parse(name);
    let mut there = Vec::new();
    let mut found = Vec::new();
    for (place, line) in edit::lines(&target.manifest) {
        if group.is_some_and(|group| !matches!(&place, Section::Group(name) if name.as_str() == group)) {
            continue;
        }
        let written = written(line);
        if names(&known, name, line) {
            found.push(RemovedLine { place, ecosystem: line.ecosystem(), name: written });
        } else {
            there.push(written);
        }
    }
    let mut ecosystems: Vec<_> = found.iter().map(|line| line.ecosystem).collect();
    ecosystems.dedup();
    match ecosystems.len() {
        0 => {
            let meant = nearest(name, there.iter().map(String::as_str)).map(str::to_owned);
            Err(RemoveError::NotThere { file: target.file.clone(), name: name.to_owned(), meant }.into())
        }
        1 => Ok(found),
        _ => Err(RemoveError::Ambiguous { name: name.to_owned() }.into()),
    }
}

/// Returns what the editor knows a line by.
fn written(line: &DependencyLine) -> String {
    match &line.spec {
        DependencySpec::Package(requirement) => requirement.seen_as().to_string(),
        DependencySpec::Folder(spec) => spec.as_written().to_owned(),
    }
}

fn names(known: &Known, text: &str, line: &DependencyLine) -> bool {
    match &line.spec {
        DependencySpec::Package(requirement) => {
            let id = requirement.package();
            known.names(&PackageId::new(id.ecosystem, requirement.seen_as().clone()))
        }
        DependencySpec::Folder(spec) => {
            let text = text.strip_prefix("path:").unwrap_or(text);
            manifest::parse_folder(text).is_ok_and(|named| named.folder == spec.folder)
        }
    }
}

/// A line that cannot be found.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RemoveError {
    /// There is none.
    #[error("{file} has no dependency `{name}`")]
    #[diagnostic(code(larder::remove::not_there), help("{}", meant.as_ref().map_or_else(|| "only what the manifest itself names can be removed".to_owned(), |m| format!("did you mean `{m}`?"))))]
    NotThere {
        /// The manifest.
        file: String,
        /// The name.
        name: String,
        /// The nearest that is there.
        meant: Option<String>,
    },
    /// Two ecosystems have one.
    #[error("`{name}` is a dependency of more than one ecosystem")]
    #[diagnostic(code(larder::remove::ambiguous), help("write npm:{name} or pypi:{name}"))]
    Ambiguous {
        /// The name.
        name: String,
    },
}

impl Failure for RemoveError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
