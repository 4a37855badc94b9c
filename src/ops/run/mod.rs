//! Running what a name means: a task, a script of a package.json, or a program of the environment.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `named` | what a bare name means, and what there is to run |
//! | `package_script`, `step` | a script of a package.json; what a shell runs |
//! | `package_manager`, `package_manager_call`, `package_manager_folder` | npm, pnpm, Yarn and Bun as scripts call them |
//! | `program` | finding a program; why one cannot be started |
//! | `environment` | the environment to run in, brought up to date |
//! | `prepared` | the environments of several steps, and the commands that see them |
//! | `member_order`, `filter` | which members run, and which wait for which |
//! | `recursive` | `run -r`: the same in every member |

mod environment;
mod filter;
mod member_order;
mod named;
mod package_manager;
mod package_manager_call;
mod package_manager_folder;
mod package_script;
mod prepared;
mod program;
mod recursive;
mod step;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use super::lock::LockUse;
use super::programs::children;
use super::project;
use super::sync::Synced;
use super::variables::Seen;
use super::{Context, Project, Result, Session};
use prepared::{PreparedEnvironments, start};

pub use super::programs::children::Stream;
pub use named::{ListedKind, ListedTask};
pub use package_manager::{PackageManagerOutcome, run_package_manager};
pub use package_manager_call::PackageManager;
pub use program::RunError;
pub use recursive::{Pace, Recursion, Recursive};

/// A program with its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The program's name or path, and its arguments.
    pub command: &'a [OsString],
    /// Where a program that is given by its name alone may come from.
    pub origin: ProgramSearch,
}

/// Where a program that is given by its name alone may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramSearch {
    /// A task, a script, the environment, its runtimes included. Another program of that name is something else than was
    /// meant: coreutils has a `test` that always succeeds.
    Environment,
    /// The environment, else the system's `PATH`.
    Anywhere,
}

impl<'a> Launch<'a> {
    /// Returns the name that may be that of a task or a script, and its arguments.
    fn name(&self) -> Option<(&'a str, &'a [OsString])> {
        let (program, arguments) = self.command.split_first()?;
        let name = program.to_str().filter(|name| !name.is_empty() && !name.contains('/'))?;
        (self.origin == ProgramSearch::Environment).then_some((name, arguments))
    }
}

/// Brings the environment up to date and turns into the program: its exit status and signals are larder's own. The tasks that a
/// task waits for run before, as children; the first that fails ends the run.
///
/// A profile that was rolled back is used as it is. Returns only where something else than the program decides the status.
pub fn run(session: &Session<'_>, lock_use: LockUse, launch: Launch<'_>, warn: impl Fn(&str)) -> Result<u8> {
    let context = session.context;
    let root = project::find_root(context)?;
    let mut prepared = PreparedEnvironments::new(session, lock_use, root.clone());
    let Some((program, arguments)) = launch.command.split_first() else { return Ok(0) };
    let steps = match launch.name() {
        Some((name, _)) => named::find(&root, &context.folder, name)?,
        None => Vec::new(),
    };
    let Some((last, earlier)) = steps.split_last() else {
        return run_program(&mut prepared, program, arguments, launch.origin, &warn);
    };
    // An environment that cannot be had is told before anything runs.
    let commands = earlier.iter().map(|step| prepared.shell(step, &[], &warn)).collect::<Result<Vec<_>>>()?;
    let last_command = prepared.shell(last, arguments, &warn)?;
    for (step, command) in earlier.iter().zip(commands) {
        let status = children::run_to_end(command).map_err(|error| shell_error(context, &error))?;
        if status != 0 {
            warn(&format!("`{}`, which `{}` waits for, ended with status {status}", step.name, last.name));
            return Ok(status);
        }
    }
    let error = start(last_command);
    Err(shell_error(context, &error).into())
}

/// Returns what can be run by its name in the current folder, nearest first.
pub fn list(context: &Context<'_>) -> Result<Vec<ListedTask>> {
    named::list(&project::find_root(context)?, &context.folder)
}

/// Returns what each member has to run.
pub fn list_members(context: &Context<'_>) -> Result<Vec<ListedTask>> {
    let project = Project::open(context)?;
    let mut listed = Vec::new();
    for folder in &project.members {
        listed.extend(named::list_in(&project.root, &project.root.join(&**folder))?);
    }
    Ok(listed)
}

/// Turns into a program of another generation, which sees that one, in the current folder. Returns only where it could not be
/// started.
pub(super) fn start_tool(
    context: &Context<'_>,
    generation: &Path,
    program: &Path,
    arguments: &[OsString],
) -> Result<u8> {
    let seen = Seen::of(generation, context)?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&context.folder).envs(seen.set.iter().cloned());
    for name in &seen.unset {
        command.env_remove(name);
    }
    Err(RunError::new(context, program.as_os_str(), &start(command), &seen.path).into())
}

/// Runs a command that sees a generation, waits for it, and returns its status.
pub(super) fn run_in(context: &Context<'_>, synced: &Synced, mut command: Command) -> Result<u8> {
    let seen = Seen::of(&synced.folder, context)?;
    prepared::show(&mut command, &synced.environment, &seen, None);
    Ok(children::run_to_end(command).map_err(|error| shell_error(context, &error))?)
}

fn run_program(
    prepared: &mut PreparedEnvironments<'_>,
    program: &OsStr,
    arguments: &[OsString],
    origin: ProgramSearch,
    warn: &dyn Fn(&str),
) -> Result<u8> {
    let context = prepared.context();
    let (command, path) = prepared.program(&context.folder, (program, arguments), origin, warn)?;
    Err(RunError::new(context, program, &start(command), &path).into())
}

/// Says why the shell could not be started.
fn shell_error(context: &Context<'_>, error: &std::io::Error) -> RunError {
    RunError::new(context, OsStr::new(step::SHELL), error, &[])
}
