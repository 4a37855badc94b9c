//! A copy of the checkout, in which a lock is installed and tested, so that nothing in the checkout changes.
//!
//! ```text
//! CACHE/update-plan/<digest of the project's folder>/
//! ├── 0/0/project/      what git does not ignore, the lock under test, and the environment that is built from it; as deep as the
//! │                     manifest's `../../…` need it
//! ├── 0/registry        -> folders that the manifest names and the copy has not, where they lie relative to it
//! └── log               what the test said
//! CACHE/update-plan/<digest>.lock     held as long as a plan is made
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability, FileLock, Kind};
use crate::lock::Lockfile;
use crate::manifest::RegistryUrl;
use crate::model::{TreeDigest, is_tool_folder};
use crate::registry::path;

use crate::ops::building::consent;
use crate::ops::lock::LockUse;
use crate::ops::packages::{below, walk};
use crate::ops::session::LOCKFILE;
use crate::ops::sync::{self, HookUse, SyncOptions};
use crate::ops::{Context, Event, Project, Result, Session, run};

/// The folder of the copies, below the cache.
const FOLDER: &str = "update-plan";

/// The most bytes of a test's output that are reported: its end.
const LOG_SIZE: usize = 16 << 10;

/// A copy of a checkout.
pub(super) struct Scratch<'a> {
    context: Context<'a>,
    folder: PathBuf,
    command: String,
    _held: FileLock,
}

/// What a test came to.
pub(super) enum Trial {
    Passed,
    Failed {
        /// How it ended, as a sentence without a capital.
        reason: String,
        /// The end of what it said; empty if it was not run.
        log: String,
    },
}

impl<'a> Scratch<'a> {
    /// Copies what git does not ignore. A copy that a killed run left behind is removed first.
    pub(super) fn copy(context: &Context<'a>, project: &Project, command: &str) -> Result<Self> {
        let all = context.cache.join(FOLDER);
        fs::create_dir_all(&all)?;
        let name = TreeDigest::of(project.root.as_os_str().as_encoded_bytes()).to_string();
        let held = FileLock::acquire(&all.join(format!("{name}.lock")), || {
            (context.reporter)(Event::Waiting { process: None, does: "plans updates of this project".to_owned() });
        })?;
        let folder = all.join(name);
        fs::remove_tree(&folder)?;
        let folders = relative_folders(project);
        let depth = folders.iter().map(|folder| leading_parents(folder)).max().unwrap_or_default();
        let above = (1..depth).fold(folder.clone(), |above, _| above.join("0"));
        let copy = above.join("project");
        fs::create_dir_all(&copy)?;
        copy_files(&project.root, &copy)?;
        link_folders(&project.root, &copy, &folders)?;
        let environment = project.environment(context)?.name.to_string();
        let context = Context {
            folder: copy,
            environment: Some(environment),
            variables: consent::carried(context, &project.root)?,
            ..context.clone()
        };
        Ok(Self { context, folder, command: command.to_owned(), _held: held })
    }

    /// Fails if the test fails with what is locked now: it would say nothing of newer versions.
    pub(super) fn check_baseline(&self, lockfile: &Lockfile) -> Result<()> {
        match self.test(lockfile)? {
            Trial::Passed => Ok(()),
            Trial::Failed { reason, log } => Err(BaselineFails { reason, log }.into()),
        }
    }

    /// Installs a lock and runs the test.
    pub(super) fn test(&self, lockfile: &Lockfile) -> Result<Trial> {
        let project = &self.context.folder;
        fs::write_atomic(&project.join(LOCKFILE), lockfile.to_text().as_bytes(), Durability::Lazy)?;
        let session = Session::new(&self.context);
        let synced = match sync::sync(
            &session,
            SyncOptions { lock: LockUse::Locked, hooks: HookUse::Never, ..SyncOptions::default() },
        ) {
            Ok(synced) => synced,
            // Neither a newer version nor the test is at fault.
            Err(error) if matches!(error.failure().exit(), Exit::Network | Exit::Machine) => return Err(error),
            Err(error) => {
                let reason = format!("it cannot be installed: {}", error.in_short());
                return Ok(Trial::Failed { reason, log: String::new() });
            }
        };
        let log = self.folder.join("log");
        fs::remove_file(&log)?;
        let (output, errors) = (fs::create(&log)?, fs::open_end(&log)?);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &self.command]).current_dir(project);
        shell.stdin(Stdio::null()).stdout(output).stderr(errors);
        let status = run::run_in(&self.context, &synced, shell)?;
        match status {
            0 => Ok(Trial::Passed),
            // Whoever interrupts the test means the plan.
            130 | 143 => Err(Interrupted.into()),
            status => {
                let reason = format!("`{}` ended with status {status}", self.command);
                Ok(Trial::Failed { reason, log: end_of(&fs::read(&log)?) })
            }
        }
    }

    /// Removes the copy.
    pub(super) fn remove(self) -> Result<()> {
        Ok(fs::remove_tree(&self.folder)?)
    }
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let mut found: Vec<(String, Kind)> = Vec::new();
    walk(
        from,
        |name| !is_tool_folder(name),
        |folder, entries, rules| {
            let named = entries.iter().filter_map(|entry| Some((below(folder, entry.path.to_str()?), entry.kind)));
            let is_left_out = |path: &str| is_tool_folder(path.rsplit('/').next().unwrap_or_default());
            found
                .extend(named.filter(|(path, kind)| !is_left_out(path) && !rules.ignores(path, *kind == Kind::Folder)));
        },
    )?;
    found.sort();
    for (path, kind) in &found {
        let (source, target) = (from.join(path), to.join(path));
        match kind {
            Kind::Folder => fs::create_dir_all(&target)?,
            Kind::File => fs::copy(&source, &target)?,
            Kind::Symlink => fs::symlink(&fs::read_link(&source)?, &target)?,
            Kind::Other => {}
        }
    }
    Ok(())
}

/// Returns the folders of registries and of local packages that the project names relative to itself, sorted.
fn relative_folders(project: &Project) -> BTreeSet<Arc<str>> {
    let registries = &project.manifest.registries;
    let places = registries.iter().flat_map(|registry| std::iter::once(&registry.url).chain(&registry.mirrors));
    let of_registries = places.filter_map(|place| match place {
        RegistryUrl::Folder(folder) => Some(&**folder),
        RegistryUrl::Http(_) => None,
    });
    let folders = of_registries.chain(project.path_packages.keys().map(|folder| &**folder));
    folders.filter(|folder| Path::new(folder).is_relative()).map(|folder| path::join("", folder)).collect()
}

fn leading_parents(folder: &str) -> usize {
    folder.split('/').take_while(|part| *part == "..").count()
}

/// Links folders that the copy has not to those of the project. Folders come before those that lie in them.
fn link_folders(root: &Path, copy: &Path, folders: &BTreeSet<Arc<str>>) -> Result<()> {
    for folder in folders {
        let parents = leading_parents(folder);
        let rest = folder.split('/').skip(parents).collect::<Vec<_>>().join("/");
        let above = |from: &Path| from.ancestors().nth(parents).map(|from| from.join(&rest));
        let (Some(source), Some(target)) = (above(root), above(copy)) else { continue };
        if rest.is_empty() || fs::stat(&source)?.is_none() || fs::lstat(&target)?.is_some() {
            continue;
        }
        target.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::symlink(&source, &target)?;
    }
    Ok(())
}

/// Returns the end of a log, from a whole line on.
fn end_of(log: &[u8]) -> String {
    let start = log.len().saturating_sub(LOG_SIZE);
    let text = String::from_utf8_lossy(&log[start..]).into_owned();
    match text.split_once('\n') {
        Some((_, rest)) if start > 0 => rest.to_owned(),
        _ => text,
    }
}

/// The test fails with what is locked now.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the test fails with what is locked now: {reason}\n{log}")]
#[diagnostic(
    code(larder::update::baseline),
    help("mend it first: it runs in a copy that has what git does not ignore, and the environment of larder.lock")
)]
struct BaselineFails {
    reason: String,
    log: String,
}

impl Failure for BaselineFails {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// The test was interrupted.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the test was interrupted; nothing was changed")]
#[diagnostic(code(larder::update::interrupted))]
struct Interrupted;

impl Failure for Interrupted {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_first_in_a_normal_path() {
        let normal = |folder| path::join("", folder).to_string();
        assert_eq!(normal("./a//b/../c"), "a/c");
        assert_eq!(normal("a/../../b/./c"), "../b/c");
        assert_eq!((normal("../../reg").as_str(), leading_parents("../../reg")), ("../../reg", 2));
        assert_eq!((normal("a/.."), leading_parents("reg")), (String::new(), 0));
    }

    #[test]
    fn a_long_log_is_cut_at_its_beginning() {
        assert_eq!(end_of(b"one\ntwo\n"), "one\ntwo\n");
        let long = format!("{}\nlast\n", "x".repeat(LOG_SIZE));
        assert_eq!(end_of(long.as_bytes()), "last\n");
    }
}
