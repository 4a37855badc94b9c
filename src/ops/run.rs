//! Running a program in an environment.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::diagnostic::{Exit, Failure, nearest};
use crate::fs;
use crate::model::{Label, PythonVersion};
use crate::profile;
use crate::profile::python;
use crate::resolve::RequiredLine;

use super::generations::{self, state};
use super::install::{Activation, interpreter};
use super::lock::LockUse;
use super::package_script::{self, PackageScript};
use super::project::{self, snapshot};
use super::sync::{self, Options, Synced};
use super::variables::Seen;
use super::{Context, Project, Result, Session};

/// A program with its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The program's name or path, and its arguments.
    pub command: &'a [OsString],
    /// Where a program that is given by its name alone may come from.
    pub origin: Origin,
}

/// Where a program that is given by its name alone may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The environment, its runtimes included. Another one of that name is something else than was meant: coreutils has
    /// a `test` that always succeeds.
    Environment,
    /// The environment, else the system's `PATH`.
    Anywhere,
}

/// Brings the environment up to date and turns into the program: its exit status and signals are larder's own.
///
/// A profile that was rolled back is used as it is. Returns only where the program could not be started.
pub fn run(session: &Session<'_>, lock_use: LockUse, launch: Launch<'_>, warn: impl Fn(&str)) -> Result<u8> {
    let context = session.context;
    let root = project::find_root(context)?;
    let synced = environment(session, root.clone(), lock_use)?;
    synced.warnings.iter().for_each(|warning| warn(warning));
    let Some((program, arguments)) = launch.command.split_first() else { return Ok(0) };
    let seen = Seen::of(&synced.folder, context)?;
    if let Some(script) = find_script(context, &root, program, launch.origin)? {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &script.text, "sh"]).args(arguments).current_dir(&script.folder);
        shell.envs(script.variables).env("INIT_CWD", &context.folder);
        let error = start(shell, &synced, &seen);
        return Err(RunError::new(context, OsStr::new("/bin/sh"), &error, &seen.path).into());
    }
    let file = find_program(context, &synced.folder, &seen, program, launch.origin)?;
    let mut child = Command::new(file.as_deref().unwrap_or(program.as_ref()));
    child.args(arguments).current_dir(&context.folder);
    // `Command` looks up on the child's PATH what was not found yet.
    let error = start(child, &synced, &seen);
    Err(RunError::new(context, program, &error, &seen.path).into())
}

/// Turns into the child. Returns only where it cannot be started.
fn start(mut child: Command, synced: &Synced, seen: &Seen) -> std::io::Error {
    child.env("LARDER_ENV", &synced.environment).envs(seen.set.iter().cloned());
    for name in &seen.unset {
        child.env_remove(name);
    }
    child.exec()
}

/// Returns the package.json script that a bare name means.
fn find_script(context: &Context<'_>, root: &Path, program: &OsStr, origin: Origin) -> Result<Option<PackageScript>> {
    match program.to_str() {
        Some(name) if origin == Origin::Environment && !name.is_empty() && !name.contains('/') => {
            package_script::find(root, &context.folder, name)
        }
        _ => Ok(None),
    }
}

/// Returns the file of a program that is given by its name alone; `None` leaves it to the child's `PATH`, or is a path.
fn find_program(
    context: &Context<'_>,
    generation: &Path,
    seen: &Seen,
    program: &OsStr,
    origin: Origin,
) -> Result<Option<PathBuf>> {
    if program.is_empty() || program.as_encoded_bytes().contains(&b'/') {
        return Ok(None);
    }
    // A link that leads nowhere is in the environment too: its error names it.
    let found = |file: &PathBuf| matches!(fs::lstat(file), Ok(Some(stat)) if stat.kind != fs::Kind::Folder);
    if let Some(file) = seen.path.iter().map(|folder| folder.join(program)).find(found) {
        return Ok(Some(file));
    }
    if origin == Origin::Anywhere {
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
    let runs = |file: &PathBuf| matches!(fs::stat(file), Ok(Some(stat)) if stat.kind == fs::Kind::File && stat.is_executable());
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

/// Returns the environment to run in, up to date.
fn environment(session: &Session<'_>, root: PathBuf, lock_use: LockUse) -> Result<Synced> {
    let context = session.context;
    let options = Options { lock: lock_use, ..Options::default() };
    let active = state::active(&root);
    let wanted = context.environment.as_ref().or(active.as_ref());
    if wanted.is_none() || wanted == active.as_ref() {
        return match active.as_deref().map(|active| rolled_back(context, &root, active)) {
            Some(Ok(Some(synced))) if lock_use != LockUse::Locked => Ok(synced),
            Some(Err(error)) => Err(error),
            _ => sync::sync(session, options),
        };
    }
    let project = Project::read_for(root, lock_use)?;
    let environment = project.environment(context)?;
    let refused = || NotActive { environment: environment.name.clone(), active: active.clone().unwrap_or_default() };
    if active.is_none() {
        return sync::sync(session, options);
    }
    let included = |group: &Option<Label>| group.as_ref().is_none_or(|group| environment.include.contains(group));
    let is_npm = |line: &RequiredLine| line.requirement.ecosystem().has_scopes();
    if project.lines.iter().any(|line| is_npm(line) && included(&line.group)) {
        return Err(refused().into());
    }
    let synced = match rolled_back(context, &project.root, environment.name.as_str())? {
        Some(synced) if lock_use != LockUse::Locked => synced,
        _ => sync::sync(session, Options { activation: Activation::Leave, ..options })?,
    };
    // Local packages may bring some.
    let head = profile::Profiles::open(&project.root)?.current_summary(&environment.name)?;
    if head.is_some_and(|head| head.has_npm_packages()) { Err(refused().into()) } else { Ok(synced) }
}

/// Returns the current generation where it was gone back to.
fn rolled_back(context: &Context<'_>, root: &Path, environment: &str) -> Result<Option<Synced>> {
    let Ok(name) = environment.parse::<Label>() else { return Ok(None) };
    let profile = profile::Profiles::open(root)?;
    let Some(note) = profile.rollback(&name)? else { return Ok(None) };
    if profile.summary(&name, note.to)?.root != profile.root() {
        let held = snapshot::hold(context, &profile)?;
        generations::bring_here(context, &profile, &held, &name, note.to)?;
        held.release()?;
    }
    let warning = format!("{name} was rolled back to generation {}; `larder sync --forward` follows the lock", note.to);
    let folder = profile.folder(&name, note.to);
    Ok(Some(Synced { warnings: vec![warning], ..Synced::unchanged(environment.to_owned(), note.to, folder) }))
}

/// An environment in which Node would not find its packages.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{environment} is not the active environment, and it has npm packages")]
#[diagnostic(
    code(larder::run::not_active),
    help(
        "Node finds packages by walking up to node_modules, which leads to {active}: switch with `larder use \
         {environment}` (or `larder sync --env {environment}`), or run it in a checkout of its own"
    )
)]
struct NotActive {
    environment: Label,
    active: String,
}

impl Failure for NotActive {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
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
    fn new(context: &Context<'_>, program: &OsStr, error: &std::io::Error, bins: &[PathBuf]) -> Self {
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
