//! The variables that make a program see an environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::profile::ProfileError;

use super::generations::checkout::Checkout;
use super::{Context, Event, Result};

/// `larder env --json`: see `schema/env.json`.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The environment.
    pub environment: String,
    /// Its current generation.
    pub generation: u64,
    /// What comes first on `PATH`.
    pub path: Vec<PathBuf>,
    /// The variables to set, `PATH` as a whole among them.
    pub variables: BTreeMap<String, String>,
    /// The variables to unset.
    pub unset: Vec<String>,
    /// The files whose change may change this.
    pub watch: Vec<PathBuf>,
}

impl Shown {
    /// Fails where a value has several lines: whoever reads a variable a line would take the rest for variables too.
    pub fn check_lines(&self) -> Result<()> {
        match self.variables.iter().find(|(_, value)| value.contains(['\n', '\r'])) {
            Some((name, _)) => Err(ManyLines(name.clone()).into()),
            None => Ok(()),
        }
    }
}

/// A value that does not fit on a line.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{0}` has a line break in it, and a line is one variable here")]
#[diagnostic(
    code(larder::env::many_lines),
    help("take the folder with the line break out of `{0}`, or use another `--format`: a shell's can quote it")
)]
struct ManyLines(String);

impl Failure for ManyLines {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// Returns the variables of an environment that was synced. They lead to whatever generation is current, so that a shell
/// that has them sees a later sync.
pub fn show(context: &Context<'_>) -> Result<Shown> {
    let checkout = Checkout::open(context)?;
    let name = &checkout.environment(context)?;
    let profile = &checkout.profile;
    let generation = profile.current_number(name)?.ok_or_else(|| ProfileError::NeverSynced(name.clone()))?;
    let active = profile.active()?;
    if active.as_ref() != Some(name) && profile.current_summary(name)?.is_some_and(|head| head.has_npm_packages()) {
        let leads = active.map_or_else(String::new, |active| format!(", which leads to {active}"));
        (context.reporter)(Event::Warning(format!(
            "{name} is not the active environment: Node finds packages by node_modules{leads}; `larder use {name}` switches"
        )));
    }
    let place = profile.current_link(name);
    let seen = Seen::of(&place, context)?;
    let text = |value: OsString| value.to_string_lossy().into_owned();
    let mut variables: BTreeMap<String, String> =
        seen.set.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
    variables.insert("LARDER_ENV".to_owned(), name.to_string());
    Ok(Shown {
        environment: name.to_string(),
        generation,
        path: seen.path,
        variables,
        unset: seen.unset.into_iter().map(str::to_owned).collect(),
        watch: vec![checkout.root.join("larder.kdl"), checkout.root.join("larder.lock"), profile.current_link(name)],
    })
}

/// What a program has to see.
pub(super) struct Seen {
    /// What comes first on `PATH`.
    pub(super) path: Vec<PathBuf>,
    /// The variables to set.
    pub(super) set: Vec<(&'static str, OsString)>,
    /// The variables to unset.
    pub(super) unset: Vec<&'static str>,
}

impl Seen {
    /// Returns what makes the generation in this folder seen.
    pub(super) fn of(generation: &Path, context: &Context<'_>) -> Result<Self> {
        let is_there = |path: &PathBuf| matches!(fs::stat(path), Ok(Some(_)));
        let runtimes = generation.join("runtimes");
        let (first, last) = if is_there(&runtimes) {
            (Some(runtimes), None)
        } else {
            // One that an older larder built has Python beside the executables of all packages.
            (None, Some(generation.join("python/bin")))
        };
        let own = member_executables(generation, &context.folder);
        let bins = first.into_iter().chain(own).chain([generation.join("bin")]).chain(last);
        let path: Vec<PathBuf> = bins.filter(is_there).collect();
        let mut seen = Self { path, set: Vec::new(), unset: Vec::new() };
        // A shell that was given these variables before must not collect them.
        let others = context.variables.search_path().into_iter().filter(|folder| !seen.path.contains(folder));
        let all: Vec<PathBuf> = seen.path.iter().cloned().chain(others).collect();
        let Ok(path) = std::env::join_paths(&all) else { return Err(Unlistable(generation.to_owned()).into()) };
        seen.set.push(("PATH", path));
        let python = generation.join("python");
        if is_there(&python) {
            seen.set.push(("VIRTUAL_ENV", python.into_os_string()));
            seen.unset.push("PYTHONHOME");
        }
        Ok(seen)
    }
}

impl Seen {
    /// Returns the value of `PATH` with a folder before all others. `None` if `PATH` cannot name it.
    pub(super) fn path_after(&self, first: &Path) -> Option<OsString> {
        let (_, path) = self.set.iter().find(|(name, _)| *name == "PATH")?;
        let others = std::env::split_paths(path).filter(|folder| folder != first);
        std::env::join_paths(std::iter::once(first.to_owned()).chain(others)).ok()
    }
}

/// Fails where no variable could lead to an environment of the project in `root`.
pub(super) fn check_path(root: &Path) -> Result<()> {
    if std::env::join_paths([root]).is_ok() { Ok(()) } else { Err(Unlistable(root.to_owned()).into()) }
}

/// A folder that `PATH` cannot name: programs would be looked for beside the environment.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the project cannot lie in `{}`: `PATH` ends a folder at each `:`", .0.display())]
#[diagnostic(
    code(larder::project::colon_in_path),
    help("rename the folder: programs of the environment would not be found, and the system's would run instead")
)]
struct Unlistable(PathBuf);

impl Failure for Unlistable {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// Returns where the executables of the member lie that a folder is in: they come before the project's.
fn member_executables(generation: &Path, folder: &Path) -> Option<PathBuf> {
    let root = generation.ancestors().find(|folder| folder.ends_with(".larder"))?.parent()?;
    let member_of = |below: &Path| generation.join("members").join(below).join("node_modules/.bin");
    let below = folder.strip_prefix(root).ok()?;
    let mut members = below.ancestors().filter(|below| !below.as_os_str().is_empty()).map(member_of);
    members.find(|folder| matches!(fs::stat(folder), Ok(Some(_))))
}
