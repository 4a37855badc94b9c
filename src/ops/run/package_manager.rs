//! npm, pnpm, Yarn and Bun inside `larder run`: scripts that call each other through them find larder's environment, and not another
//! package manager's install.
//! Under one of their names larder does what the tool would, with the environment that is there; what it does not do itself is passed
//! on to the real program.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::package_manager_call::{
    CallAction, DlxCall, Otherwise, PackageManager, PackageManagerCall, WithoutProgram, names_package, parse,
};
use super::package_script::PackageScripts;
use super::prepared::{show, start};
use super::program::{self, RunError};
use super::{ListedKind, ListedTask, ProgramSearch, named, package_manager_folder, shell_error};
use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::import::package_ranges;
use crate::model::Dependent;
use crate::ops::generations::checkout::Checkout;
use crate::ops::project::{self, inputs, members};
use crate::ops::variables::Seen;
use crate::ops::{Context, Result};
use crate::resolve::RequiredLine;

/// What a package manager's command line came to, where no program took over.
#[derive(Debug)]
pub enum PackageManagerOutcome {
    /// The scripts are to be listed.
    Listed(Vec<ListedTask>),
    /// There is nothing to run, and that is well.
    Nothing,
}

/// Does what a package manager's command line means, with the environment that is there: `larder run` brought it up to date. Returns
/// only where no program takes over.
pub fn run_package_manager(
    context: &Context<'_>,
    (program, manager): (&'static str, PackageManager),
    arguments: &[OsString],
    note: impl Fn(&str),
) -> Result<PackageManagerOutcome> {
    let PackageManagerCall { folder, action } = parse(manager, arguments);
    let folder = folder.map_or_else(|| context.folder.clone(), |below| context.folder.join(below));
    let folder = fs::canonicalize(&folder)?;
    let context = &Context { folder, ..context.clone() };
    let Some(root) = managed_by(context) else { return pass_on(context, program, arguments) };
    match action {
        CallAction::Real => {
            note(&format!("`{program}` inside `larder run`: this is passed on to the real one"));
            pass_on(context, program, arguments)
        }
        CallAction::Installed(word) => {
            if !is_installed(context, &root)? {
                return Err(Installs { program, word }.into());
            }
            note(&format!("`{program} {word}` inside `larder run`: what larder.lock says is installed already"));
            Ok(PackageManagerOutcome::Nothing)
        }
        CallAction::Installs(word) => Err(Installs { program, word }.into()),
        CallAction::List => {
            let scripts = named::list(&root, &context.folder)?;
            let scripts = scripts.into_iter().filter(|one| one.kind == ListedKind::Script);
            Ok(PackageManagerOutcome::Listed(scripts.collect()))
        }
        CallAction::Members { filters, command } => members_run(context, &filters, &command),
        CallAction::Program(command) => run_program(context, &command),
        CallAction::Tool { command, absent } => {
            let Some((name, handed)) = command.split_first() else { return Ok(PackageManagerOutcome::Nothing) };
            let tool = name.to_str().filter(|name| names_package(name));
            match (tool, installed(context, &root, name)?, absent) {
                (_, Some(name), _) => run_program(context, &[&[name], handed].concat()),
                (None, None, _) => run_program(context, &command),
                (Some(tool), None, WithoutProgram::Fails) => Err(NoTool { program, tool: tool.to_owned() }.into()),
                (Some(tool), None, WithoutProgram::Fetched) => {
                    note(&format!("`{tool}` is in no environment: this runs `larder dlx npm:{tool}`"));
                    dlx(context, &DlxCall { with: Vec::new(), tool: tool.to_owned(), arguments: handed.to_vec() })
                }
            }
        }
        CallAction::Dlx(call) => dlx(context, &call),
        CallAction::Script { name, arguments: handed, otherwise } => {
            match (find_script(context, &root, &name)?, otherwise) {
                (Some(step), _) => {
                    let mut shell = step.shell(&handed);
                    shell.envs(step.variables.iter().cloned());
                    see(&mut shell, &Context { folder: step.folder.clone(), ..context.clone() })?;
                    Err(shell_error(context, &start(shell)).into())
                }
                (None, Otherwise::Passes) => Ok(PackageManagerOutcome::Nothing),
                (None, Otherwise::Fails) => Err(NoScript { name }.into()),
                (None, Otherwise::Real) => pass_on(context, program, arguments),
                (None, Otherwise::RunsProgram) => {
                    let command: Vec<OsString> = std::iter::once(OsString::from(&name)).chain(handed).collect();
                    run_program(context, &command)
                }
            }
        }
    }
}

/// Returns the root of the project whose environment the folder sees: the nearest package.json is the root's or a member's. What lies
/// elsewhere is none of larder's, and is left to the real program.
fn managed_by(context: &Context<'_>) -> Option<PathBuf> {
    let root = fs::canonicalize(&project::find_root(context).ok()?).ok()?;
    let has_package = |folder: &&Path| matches!(fs::stat(&folder.join("package.json")), Ok(Some(_)));
    let nearest = context.folder.ancestors().take_while(|above| above.starts_with(&root)).find(has_package)?;
    let below = nearest.strip_prefix(&root).ok()?;
    if below.as_os_str().is_empty() {
        return Some(root);
    }
    let project = crate::ops::Project::read(root.clone()).ok()?;
    let is_local = project.path_packages.keys().any(|folder| Path::new(&**folder) == below);
    (is_local || members::contain(&project.manifest, below)).then_some(root)
}

/// Returns whether what the nearest package.json asks for is installed: that of a member is, and that of the root where its lines are the
/// manifest's, or it asks for nothing.
fn is_installed(context: &Context<'_>, root: &Path) -> Result<bool> {
    let has_package = |folder: &&Path| matches!(fs::stat(&folder.join("package.json")), Ok(Some(_)));
    if context.folder.ancestors().find(has_package) != Some(root) {
        return Ok(true);
    }
    let project = crate::ops::Project::read(root.to_owned())?;
    let is_npm =
        |line: &RequiredLine| line.dependent == Dependent::Project && line.requirement.ecosystem().has_scopes();
    if project.lines.iter().any(is_npm) {
        return Ok(true);
    }
    let text = inputs::text(&root.join("package.json"))?.unwrap_or_default();
    Ok(package_ranges(&text)?.is_empty())
}

/// Returns the script of the nearest package.json.
fn find_script(context: &Context<'_>, root: &Path, name: &str) -> Result<Option<super::step::ShellStep>> {
    for folder in context.folder.ancestors().take_while(|above| above.starts_with(root)) {
        if let Some(package) = PackageScripts::read(folder)? {
            return Ok(package.step(name, folder));
        }
    }
    Ok(None)
}

fn run_program(context: &Context<'_>, command: &[OsString]) -> Result<PackageManagerOutcome> {
    let Some((program, arguments)) = command.split_first() else { return Ok(PackageManagerOutcome::Nothing) };
    let (generation, _) = generation(context)?;
    let seen = Seen::of(&generation, context)?;
    let file = program::find_program(context, &generation, &seen, program, ProgramSearch::Environment)?;
    let mut child = Command::new(file.as_deref().unwrap_or(program.as_ref()));
    child.args(arguments).current_dir(&context.folder);
    see(&mut child, context)?;
    Err(RunError::new(context, program, &start(child), &seen.path).into())
}

/// Returns the environment's program that a name means: one of that name, else that of the installed package, as npm has it: the only one
/// of the package, or the one that is called like it. `None` if the environment has neither.
fn installed(context: &Context<'_>, root: &Path, name: &OsStr) -> Result<Option<OsString>> {
    let (generation, _) = generation(context)?;
    let seen = Seen::of(&generation, context)?;
    if !name.as_encoded_bytes().contains(&b'/') {
        match program::find_program(context, &generation, &seen, name, ProgramSearch::Environment) {
            Ok(Some(_)) => return Ok(Some(name.to_owned())),
            // Node itself may be the system's.
            Ok(None) if name == "node" => return Ok(Some(name.to_owned())),
            Ok(None) => {}
            // One that the system has besides is none of the project's.
            Err(error) if error.failure().exit() == Exit::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let Some(package) = name.to_str().filter(|name| names_package(name)) else { return Ok(None) };
    for folder in context.folder.ancestors().take_while(|above| above.starts_with(root)) {
        let manifest = folder.join("node_modules").join(package).join("package.json");
        if let Some(text) = inputs::text(&manifest)? {
            return match main_program(package, &text) {
                Some(program) => Ok(Some(program.into())),
                None => Err(NoMainProgram { package: package.to_owned() }.into()),
            };
        }
    }
    Ok(None)
}

/// Returns the program that stands for a package, by its package.json.
fn main_program(package: &str, text: &str) -> Option<String> {
    let own = package.rsplit('/').next().unwrap_or(package);
    let document: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    match document.get("bin")? {
        Value::String(_) => Some(own.to_owned()),
        Value::Object(programs) => match programs.keys().next() {
            Some(only) if programs.len() == 1 => Some(only.clone()),
            _ => programs.contains_key(own).then(|| own.to_owned()),
        },
        _ => None,
    }
}

/// Turns into `larder dlx`: what it may fetch and run, it says itself.
fn dlx(context: &Context<'_>, call: &DlxCall) -> Result<PackageManagerOutcome> {
    let mut child = Command::new(&context.executable);
    child.arg("dlx").current_dir(&context.folder);
    for package in &call.with {
        child.arg("--with").arg(format!("npm:{package}"));
    }
    if call.with.is_empty() {
        child.arg(format!("npm:{}", call.tool))
    } else {
        child.arg(&call.tool)
    };
    child.args(&call.arguments);
    Err(RunError::new(context, OsStr::new("larder"), &start(child), &[]).into())
}

/// Turns into `larder run -r`, which takes the lock as it is.
fn members_run(context: &Context<'_>, filters: &[String], command: &[OsString]) -> Result<PackageManagerOutcome> {
    let mut child = Command::new(&context.executable);
    child.args(["run", "--frozen", "--recursive"]).current_dir(&context.folder);
    for filter in filters {
        child.args(["--filter", filter]);
    }
    child.args(command);
    Err(RunError::new(context, OsStr::new("larder"), &start(child), &[]).into())
}

/// Turns into the system's program of this name.
fn pass_on(context: &Context<'_>, program: &str, arguments: &[OsString]) -> Result<PackageManagerOutcome> {
    let own = fs::canonicalize(&context.executable)?;
    let is_other = |file: &PathBuf| {
        let runs = matches!(fs::stat(file), Ok(Some(stat)) if stat.is_program());
        runs && !package_manager_folder::has(file) && fs::canonicalize(file).is_ok_and(|real| real != own)
    };
    let mut found = context.variables.search_path().into_iter().map(|folder| folder.join(program));
    let Some(file) = found.find(is_other) else { return Err(NotInstalled { program: program.to_owned() }.into()) };
    let mut child = Command::new(file);
    child.args(arguments);
    Err(RunError::new(context, OsStr::new(program), &start(child), &[]).into())
}

/// Returns the generation of the environment that `larder run` set up, and the environment's name.
fn generation(context: &Context<'_>) -> Result<(PathBuf, String)> {
    let checkout = Checkout::open(context)?;
    let name = checkout.environment(context)?;
    Ok((checkout.profile.current_link(&name), name.to_string()))
}

/// Makes a child see the environment, from the context's folder.
fn see(child: &mut Command, context: &Context<'_>) -> Result<()> {
    let (generation, environment) = generation(context)?;
    show(child, &environment, &Seen::of(&generation, context)?, package_manager_folder::folder(context).as_deref());
    Ok(())
}

/// A tool that is no program and no package of the environment.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{tool}`, which `{program}` is to run, is neither a program nor a package of the environment")]
#[diagnostic(
    code(larder::run::no_tool),
    help(
        "`larder add --group dev npm:{tool}` declares it; `npx --yes {tool}` and `larder dlx npm:{tool}` fetch it each time"
    )
)]
struct NoTool {
    program: &'static str,
    tool: String,
}

impl Failure for NoTool {
    fn exit(&self) -> Exit {
        Exit::NotFound
    }
}

/// A package that is installed and has no program that stands for it.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{package}` is installed, and brings no program of its name")]
#[diagnostic(
    code(larder::run::no_main_program),
    help("name the program itself; `larder why npm:{package}` says why it is there")
)]
struct NoMainProgram {
    package: String,
}

impl Failure for NoMainProgram {
    fn exit(&self) -> Exit {
        Exit::NotFound
    }
}

/// A command that would install something else than what is locked.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error(
    "`{program} {word}` inside `larder run` would install beside larder, which has installed what larder.lock says"
)]
#[diagnostic(
    code(larder::run::installs),
    help("take it out of the script; `larder sync` installs, `larder add` and `larder remove` change what is wanted")
)]
struct Installs {
    program: &'static str,
    word: String,
}

impl Failure for Installs {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// A script that the nearest package.json does not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the nearest package.json has no script `{name}`")]
#[diagnostic(code(larder::run::no_script), help("`larder run` lists what there is"))]
struct NoScript {
    name: String,
}

impl Failure for NoScript {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// A package manager that is asked for what larder does not do, and that is not there.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{program}` is not installed: inside `larder run` scripts and programs are run without it, and nothing else")]
#[diagnostic(code(larder::run::no_package_manager), help("install it, or take the command out of the script"))]
struct NotInstalled {
    program: String,
}

impl Failure for NotInstalled {
    fn exit(&self) -> Exit {
        Exit::NotFound
    }
}
