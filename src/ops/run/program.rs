//! Finding a program, and saying why one cannot be started.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::ProgramSearch;
use crate::diagnostic::{Exit, Failure, nearest};
use crate::fs;
use crate::model::PythonVersion;
use crate::ops::programs::interpreter;
use crate::ops::variables::Seen;
use crate::ops::{Context, Project, Result};
use crate::profile::python;

/// Returns the file of a program that is given by its name alone; `None` leaves it to the child's `PATH`, or is a path.
pub(super) fn find_program(
    context: &Context<'_>,
    generation: &Path,
    seen: &Seen,
    program: &OsStr,
    origin: ProgramSearch,
) -> Result<Option<PathBuf>> {
    if program.is_empty() || program.as_encoded_bytes().contains(&b'/') {
        return Ok(None);
    }
    // A link that leads nowhere is in the environment too: its error names it.
    let found = |file: &PathBuf| matches!(fs::lstat(file), Ok(Some(stat)) if stat.kind != fs::Kind::Folder);
    if let Some(file) = seen.path.iter().map(|folder| folder.join(program)).find(found) {
        return Ok(Some(file));
    }
    if origin == ProgramSearch::Anywhere {
        return Ok(None);
    }
    match program.to_str() {
        Some("node") if is_there(&generation.join("node_modules"))? => return Ok(None),
        Some(name) if name == "node" || name.starts_with("python") => {
            let settings = Project::open(context)?.manifest.settings;
            if name == "node" && settings.node.is_some() {
                return Ok(None);
            }
            // An environment without Python packages has no interpreter of its own.
            if let Some(wanted) = settings.python.filter(|wanted| is_python(name, wanted)) {
                return Ok(Some(python::find(&wanted, &interpreter::search(context, None))?.path));
            }
        }
        _ => {}
    }
    let runs = |file: &PathBuf| matches!(fs::stat(file), Ok(Some(stat)) if stat.is_program());
    match context.variables.search_path().iter().map(|folder| folder.join(program)).find(runs) {
        Some(file) => Err(RunError::only_on_path(program, file, &seen.path).into()),
        None => Ok(None),
    }
}

/// Tells whether a name means the Python of this version.
fn is_python(name: &str, version: &PythonVersion) -> bool {
    let (major, minor) = (version.major, version.minor);
    name == "python" || name == format!("python{major}") || name == format!("python{major}.{minor}")
}

fn is_there(path: &Path) -> Result<bool> {
    Ok(fs::lstat(path)?.is_some())
}

/// A program that cannot be started.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RunError {
    /// There is none of that name.
    #[error("`{program}` is no task and no script of this folder, and neither in the environment nor on PATH")]
    #[diagnostic(code(larder::run::not_found), help("{}", meant.as_ref().map_or_else(|| "`larder run` lists tasks and scripts; programs of direct dependencies are in the environment's `bin`".to_owned(), |m| format!("did you mean `{m}`?"))))]
    NotFound {
        /// The program.
        program: String,
        /// The nearest name in the environment.
        meant: Option<String>,
    },
    /// It is there, and what it names to run it is not.
    #[error("cannot start `{program}`: {what}, and that is not there")]
    #[diagnostic(code(larder::run::no_interpreter), help("{help}"))]
    NoInterpreter {
        /// The program.
        program: String,
        /// What it names.
        what: String,
        /// What to do about it.
        help: String,
    },
    /// Only the system has one of that name.
    #[error("`{program}` is not in the environment; the system has one at `{}`", path.display())]
    #[diagnostic(
        code(larder::run::only_on_path),
        help(
            "{}`larder run -- {program}` runs the system's. Programs of direct dependencies are in the environment",
            meant.as_ref().map(|m| format!("did you mean `{m}`? ")).unwrap_or_default()
        )
    )]
    OnlyOnPath {
        /// The program.
        program: String,
        /// The system's.
        path: PathBuf,
        /// The nearest name in the environment.
        meant: Option<String>,
    },
    /// The system refused to start it.
    #[error("cannot start `{program}`: {reason}")]
    #[diagnostic(
        code(larder::run::cannot_start),
        help("name the program that runs it, like `larder run -- node {program}`, or make the file executable")
    )]
    CannotStart {
        /// The program.
        program: String,
        /// What the system said.
        reason: String,
    },
}

impl RunError {
    pub(super) fn new(context: &Context<'_>, program: &OsStr, error: &std::io::Error, bins: &[PathBuf]) -> Self {
        let file = file_of(context, program, bins);
        let program = program.to_string_lossy().into_owned();
        if error.kind() != std::io::ErrorKind::NotFound {
            return Self::CannotStart { program, reason: error.to_string() };
        }
        if let Some((what, help)) = file.and_then(|file| missing_interpreter(&file)) {
            return Self::NoInterpreter { program, what, help };
        }
        Self::NotFound { meant: meant(&program, bins), program }
    }

    fn only_on_path(program: &OsStr, path: PathBuf, bins: &[PathBuf]) -> Self {
        let program = program.to_string_lossy().into_owned();
        Self::OnlyOnPath { meant: meant(&program, bins), program, path }
    }
}

/// Returns the nearest name in the environment.
fn meant(program: &str, bins: &[PathBuf]) -> Option<String> {
    let known: BTreeSet<String> = bins.iter().flat_map(|folder| names(folder)).collect();
    nearest(program, known.iter().map(String::as_str)).map(str::to_owned)
}

/// Returns the file that a program's name means.
fn file_of(context: &Context<'_>, program: &OsStr, bins: &[PathBuf]) -> Option<PathBuf> {
    if Path::new(program).components().count() > 1 {
        return Some(context.folder.join(program));
    }
    let folders = bins.iter().cloned().chain(context.variables.search_path());
    let is_file = |path: &PathBuf| matches!(fs::stat(path), Ok(Some(stat)) if stat.is_executable());
    folders.map(|folder| folder.join(program)).find(is_file)
}

/// Returns what a file that is there names to run it, and what to do about that; `None` if it names nothing.
fn missing_interpreter(file: &Path) -> Option<(String, String)> {
    /// Longer first lines are cut off by every system.
    const LONGEST: u64 = 512;

    let (opened, _) = fs::open_sized(file).ok()??;
    let mut head = Vec::new();
    opened.take(LONGEST).read_to_end(&mut head).ok()?;
    if head.starts_with(b"\x7fELF") {
        let help = "it was built for another system: is it for this C library, and this processor?";
        return Some(("it names a loader".to_owned(), help.to_owned()));
    }
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let interpreter = line.trim_start_matches([' ', '\t']).split([' ', '\t']).next().unwrap_or_default();
    let help = if interpreter.ends_with('\r') {
        "its first line ends as on Windows, with a carriage return: save the file with Unix line ends".to_owned()
    } else {
        format!("install it, or name another one: `larder run -- INTERPRETER {}`", file.display())
    };
    Some((format!("its first line names `{}`", interpreter.escape_debug()), help))
}

fn names(folder: &Path) -> Vec<String> {
    let found = fs::read_dir(folder).unwrap_or_default();
    found.into_iter().filter_map(|found| found.path.to_str().map(str::to_owned)).collect()
}

impl Failure for RunError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotFound { .. } | Self::OnlyOnPath { .. } => Exit::NotFound,
            Self::NoInterpreter { .. } | Self::CannotStart { .. } => Exit::NotExecutable,
        }
    }
}
