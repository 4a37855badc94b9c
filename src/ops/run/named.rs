//! What a bare name means: a task of a larder.kdl, or a script of a package.json.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::package_script::PackageScripts;
use super::step::ShellStep;
use crate::manifest::{self, Manifest, ManifestKind, Task};
use crate::ops::Result;
use crate::ops::project::inputs;
use crate::ops::session::MANIFEST;

/// Returns what `larder run NAME` runs in a folder of the project in `root`, in its order; empty if the name means neither a
/// task nor a script.
///
/// The nearest folder counts, up to the root: its larder.kdl before its package.json. As npm has it, a package.json hides
/// the scripts of those above it; tasks of the root can be run from everywhere.
pub(super) fn find(root: &Path, folder: &Path, name: &str) -> Result<Vec<ShellStep>> {
    let mut scripts_hidden = false;
    for folder in folder.ancestors().take_while(|above| above.starts_with(root)) {
        let tasks = tasks(root, folder)?;
        if tasks.iter().any(|task| task.name.value == name) {
            return Ok(task_steps(&tasks, name, folder));
        }
        if !scripts_hidden && let Some(package) = PackageScripts::read(folder)? {
            scripts_hidden = true;
            if let Some(step) = package.step(name, folder) {
                return Ok(vec![step]);
            }
        }
    }
    Ok(Vec::new())
}

/// Returns what a member's own files say that a name means.
pub(super) fn find_in(root: &Path, folder: &Path, name: &str) -> Result<Vec<ShellStep>> {
    let tasks = tasks(root, folder)?;
    if tasks.iter().any(|task| task.name.value == name) {
        return Ok(task_steps(&tasks, name, folder));
    }
    let script = PackageScripts::read(folder)?.and_then(|package| package.step(name, folder));
    Ok(script.into_iter().collect())
}

/// A task or a script, as `larder run` lists it: see `schema/run.json`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ListedTask {
    /// Its name.
    pub name: String,
    /// Whether it is a task or a script.
    pub kind: ListedKind,
    /// The folder that it runs in, relative to the root; empty for the root.
    pub folder: String,
    /// What the shell runs.
    pub command: String,
    /// The environment that a task names.
    pub environment: Option<String>,
    /// The tasks that run before it.
    pub after: Vec<String>,
}

/// Whether something is a task or a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ListedKind {
    /// A task of a larder.kdl.
    Task,
    /// A script of a package.json.
    Script,
}

/// Returns the tasks and scripts that [`find`] finds for some name, nearest first.
pub(super) fn list(root: &Path, folder: &Path) -> Result<Vec<ListedTask>> {
    let mut listed = Vec::new();
    let mut scripts_hidden = false;
    for folder in folder.ancestors().take_while(|above| above.starts_with(root)) {
        let found = list_in(root, folder)?;
        let hides = found.iter().any(|one| one.kind == ListedKind::Script);
        listed.extend(found.into_iter().filter(|one| one.kind == ListedKind::Task || !scripts_hidden));
        scripts_hidden |= hides;
    }
    let mut known = Vec::new();
    listed.retain(|one| {
        !known.contains(&one.name) && {
            known.push(one.name.clone());
            true
        }
    });
    Ok(listed)
}

/// Returns the tasks and scripts of the files in one folder. A script of a task's name is hidden by it.
pub(super) fn list_in(root: &Path, folder: &Path) -> Result<Vec<ListedTask>> {
    let below = folder.strip_prefix(root).unwrap_or(folder).display().to_string();
    let tasks = tasks(root, folder)?;
    let scripts = PackageScripts::read(folder)?.unwrap_or_default();
    let script = |(name, command): (&str, &str)| ListedTask {
        name: name.to_owned(),
        kind: ListedKind::Script,
        folder: below.clone(),
        command: command.to_owned(),
        environment: None,
        after: Vec::new(),
    };
    let hidden = |name: &str| tasks.iter().any(|task| task.name.value == name);
    let scripts: Vec<_> = scripts.iter().filter(|(name, _)| !hidden(name)).map(script).collect();
    let task = |task: &Task| ListedTask {
        name: task.name.value.clone(),
        kind: ListedKind::Task,
        folder: below.clone(),
        command: task.command.clone(),
        environment: task.environment.as_ref().map(|name| name.value.to_string()),
        after: task.after.iter().map(|name| name.value.clone()).collect(),
    };
    Ok(tasks.iter().map(task).chain(scripts).collect())
}

/// Returns the tasks of the larder.kdl in a folder.
fn tasks(root: &Path, folder: &Path) -> Result<Vec<Task>> {
    let file = folder.join(MANIFEST);
    let Some(text) = inputs::text(&file)? else { return Ok(Vec::new()) };
    // Most have none, and parsing is what would take time here.
    if !text.contains("tasks") {
        return Ok(Vec::new());
    }
    if folder == root {
        return Ok(manifest::parse(MANIFEST, &text, ManifestKind::Root)?.tasks);
    }
    let catalogs = parse_root(root)?.catalogs;
    let below = folder.strip_prefix(root).unwrap_or(folder).join(MANIFEST);
    Ok(manifest::parse(&below.to_string_lossy(), &text, ManifestKind::Member(&catalogs))?.tasks)
}

fn parse_root(root: &Path) -> Result<Manifest> {
    let text = inputs::manifest(&root.join(MANIFEST))?;
    Ok(manifest::parse(MANIFEST, &text, ManifestKind::Root)?)
}

/// Returns a task's steps: those that it waits for, each once, and itself last.
fn task_steps(tasks: &[Task], name: &str, folder: &Path) -> Vec<ShellStep> {
    let mut order = Vec::new();
    put_in_order(tasks, name, &mut order);
    let step = |task: &Task| ShellStep {
        name: task.name.value.clone(),
        folder: PathBuf::from(folder),
        command: task.command.clone(),
        before: None,
        after: None,
        environment: task.environment.as_ref().map(|name| name.value.clone()),
        variables: Vec::new(),
    };
    order.into_iter().map(step).collect()
}

/// Adds a task after those that it waits for. There are no circles: the manifest would be refused.
fn put_in_order<'t>(tasks: &'t [Task], name: &str, order: &mut Vec<&'t Task>) {
    let Some(task) = tasks.iter().find(|task| task.name.value == name) else { return };
    if order.iter().any(|other| other.name.value == task.name.value) {
        return;
    }
    for before in &task.after {
        put_in_order(tasks, &before.value, order);
    }
    order.push(task);
}
