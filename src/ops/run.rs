//! Running a program in an environment.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::diagnostic::{Exit, Failure, nearest};
use crate::fs;

use super::lock::LockUse;
use super::sync::{self, Options};
use super::{Context, Result};

/// Brings the environment up to date and turns into the program: its exit status and signals are larder's own.
///
/// Returns only where the program could not be started.
pub fn run(context: &Context<'_>, lock_use: LockUse, command: &[OsString], warn: impl Fn(&str)) -> Result<u8> {
    let synced = sync::sync(context, &Options { lock: lock_use, ..Options::default() })?;
    synced.warnings.iter().for_each(|warning| warn(warning));
    let generation = synced.folder;
    let bins = [generation.join("bin"), generation.join("python/bin")];
    let has = |path: &PathBuf| matches!(fs::stat(path), Ok(Some(_)));
    let folders: Vec<PathBuf> =
        bins.iter().filter(|path| has(path)).cloned().chain(context.variables.search_path()).collect();
    let Some((program, arguments)) = command.split_first() else { return Ok(0) };
    let mut child = Command::new(program);
    child.args(arguments).env("LARDER_ENV", &synced.environment).current_dir(&context.folder);
    if let Ok(path) = std::env::join_paths(&folders) {
        child.env("PATH", path);
    }
    let python = generation.join("python");
    if has(&python) {
        child.env("VIRTUAL_ENV", python).env_remove("PYTHONHOME");
    }
    // `Command` looks programs up on the child's PATH, which is what is wanted.
    let error = child.exec();
    Err(RunError::new(program, &error, &bins).into())
}

/// A program that cannot be started.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RunError {
    /// There is none of that name.
    #[error("`{program}` is neither in the environment nor on PATH")]
    #[diagnostic(code(larder::run::not_found), help("{}", meant.as_ref().map_or_else(|| "programs of direct dependencies are in the environment's `bin`".to_owned(), |m| format!("did you mean `{m}`?"))))]
    NotFound {
        /// The program.
        program: String,
        /// The nearest name in the environment.
        meant: Option<String>,
    },
    /// The system refused to start it.
    #[error("cannot start `{program}`: {reason}")]
    #[diagnostic(code(larder::run::cannot_start))]
    CannotStart {
        /// The program.
        program: String,
        /// What the system said.
        reason: String,
    },
}

impl RunError {
    fn new(program: &OsStr, error: &std::io::Error, bins: &[PathBuf]) -> Self {
        let program = program.to_string_lossy().into_owned();
        if error.kind() != std::io::ErrorKind::NotFound {
            return Self::CannotStart { program, reason: error.to_string() };
        }
        let known: BTreeSet<String> = bins.iter().flat_map(|folder| names(folder)).collect();
        let meant = nearest(&program, known.iter().map(String::as_str)).map(str::to_owned);
        Self::NotFound { program, meant }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let found = fs::read_dir(folder).unwrap_or_default();
    found.into_iter().filter_map(|found| found.path.to_str().map(str::to_owned)).collect()
}

impl Failure for RunError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotFound { .. } => Exit::Manifest,
            Self::CannotStart { .. } => Exit::Machine,
        }
    }
}
