//! The environments of several steps, each brought up to date once, and the commands that see them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::package_manager_call::PackageManager;
use super::step::ShellStep;
use super::{ProgramSearch, environment, package_manager_folder, program};
use crate::model::Label;
use crate::ops::lock::LockUse;
use crate::ops::sync::Synced;
use crate::ops::variables::Seen;
use crate::ops::{Context, Result, Session};

/// The environments that were brought up to date, by the name that a task gives; `None` is the one that the command is in.
pub(super) struct PreparedEnvironments<'a> {
    session: &'a Session<'a>,
    lock_use: LockUse,
    root: PathBuf,
    known: BTreeMap<Option<Label>, Synced>,
}

impl<'a> PreparedEnvironments<'a> {
    pub(super) fn new(session: &'a Session<'a>, lock_use: LockUse, root: PathBuf) -> Self {
        Self { session, lock_use, root, known: BTreeMap::new() }
    }

    pub(super) fn context(&self) -> &'a Context<'a> {
        self.session.context
    }

    /// Returns the command of a step, with arguments.
    pub(super) fn shell(&mut self, step: &ShellStep, arguments: &[OsString], warn: &dyn Fn(&str)) -> Result<Command> {
        let context = self.context();
        let synced = self.environment(step.environment.as_ref(), warn)?;
        let seen = Seen::of(&synced.folder, &Context { folder: step.folder.clone(), ..context.clone() })?;
        let mut shell = step.shell(arguments);
        shell.envs(step.variables.iter().cloned()).env("INIT_CWD", &context.folder);
        show(&mut shell, &synced.environment, &seen, package_manager_folder::folder(context).as_deref());
        Ok(shell)
    }

    /// Returns the command of a program with its arguments, run in `folder`, and where the environment's programs are.
    pub(super) fn program(
        &mut self,
        folder: &Path,
        (program, arguments): (&OsStr, &[OsString]),
        origin: ProgramSearch,
        warn: &dyn Fn(&str),
    ) -> Result<(Command, Vec<PathBuf>)> {
        let context = &Context { folder: folder.to_owned(), ..self.context().clone() };
        let synced = self.environment(None, warn)?;
        let seen = Seen::of(&synced.folder, context)?;
        let package_managers = package_manager_folder::folder(context);
        let file = match &package_managers {
            Some(folder) if PackageManager::has_program(program) => Some(folder.join(program)),
            _ => program::find_program(context, &synced.folder, &seen, program, origin)?,
        };
        // `Command` looks up on the child's PATH what was not found yet.
        let mut command = Command::new(file.as_deref().unwrap_or(program.as_ref()));
        command.args(arguments).current_dir(folder);
        show(&mut command, &synced.environment, &seen, package_managers.as_deref());
        Ok((command, seen.path))
    }

    /// Returns an environment, up to date: the one that `--env` names, else the one that the task names, else the command's.
    fn environment(&mut self, named: Option<&Label>, warn: &dyn Fn(&str)) -> Result<&Synced> {
        let context = self.session.context;
        let named = named.filter(|_| !context.is_environment_flagged).cloned();
        if !self.known.contains_key(&named) {
            let synced = match &named {
                None => environment::bring_up(self.session, &self.root, self.lock_use)?,
                Some(name) => {
                    let context = Context { environment: Some(name.to_string()), ..context.clone() };
                    environment::bring_up(&Session::new(&context), &self.root, self.lock_use)?
                }
            };
            synced.warnings.iter().for_each(|warning| warn(warning));
            self.known.insert(named.clone(), synced);
        }
        Ok(&self.known[&named])
    }
}

/// Turns into the child. Returns only where it cannot be started.
pub(super) fn start(mut child: Command) -> std::io::Error {
    child.exec()
}

/// Makes a child see an environment; `package_managers` comes before all that `PATH` has.
pub(super) fn show(child: &mut Command, environment: &str, seen: &Seen, package_managers: Option<&Path>) {
    child.env("LARDER_ENV", environment).envs(seen.set.iter().cloned());
    if let Some(path) = package_managers.and_then(|folder| seen.path_after(folder)) {
        child.env("PATH", path);
    }
    for name in &seen.unset {
        child.env_remove(name);
    }
}
