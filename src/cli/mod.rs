//! One file per command: arguments, one call into [`ops`](crate::ops), output. Programs that come beside larder begin and end in the
//! same way: [`extension`].

mod args;
mod commands;
mod difference;
mod error_output;
pub mod extension;
mod help;
mod log;
mod operation;
mod output;
mod progress;
mod prompt;
mod render;
mod sanitize;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::build;
use crate::ops::run::PackageManager;
use crate::ops::{Context, Error, Flags, Session, Variables, operation_log};

use args::{AuditArgs, CiArgs, Command, CommandLine, FetchArgs, GlobalArgs, LockArgs, SyncArgs, UpdateArgs};
use output::Output;
use progress::ProgressLine;

/// The result of a command.
pub type CommandResult = Result<ExitCode, Error>;

/// Parses the arguments, runs the command and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = arguments.into_iter().collect();
    if let Some(status) = build::run_helper(&words) {
        return status;
    }
    if let Some(manager) = words.first().and_then(|program| PackageManager::of_program(program)) {
        return commands::package_manager::run(manager, &words[1..]);
    }
    let arguments = match CommandLine::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) if wants_json(&words) => {
            return match help::asked_as_document(&words) {
                Some(help) => help::print_document(&help),
                None if error.use_stderr() => error_output::print_usage_document(&error),
                None => output::print_usage(&error),
            };
        }
        Err(error) => return output::print_usage(&help::asked(&error, &words).unwrap_or(error)),
    };
    let CommandLine { global, mut command } = arguments;
    if let Command::Run(run) = &mut command {
        run.detect_separator(&words);
    }
    let flags = flags(&global, &command);
    // A program beside larder reads its own words, and where there is none, larder answers in its place.
    let is_companion = matches!(command, Command::Monitor(_) | Command::Companion(_));
    let shown = GlobalArgs { json: global.json || is_companion && wants_json(&words), ..global.clone() };
    start(&shown, flags, |context, output| match command {
        Command::Monitor(arguments) => commands::companion::monitor(&arguments, &global, context),
        Command::Companion(words) => commands::companion::run(&words, &global, context),
        command => watched(command, context, output),
    })
}

/// Returns the switches that commands have in common.
fn flags(global: &GlobalArgs, command: &Command) -> Flags {
    let mirror = match command {
        Command::Sync(SyncArgs { source, .. })
        | Command::Ci(CiArgs { source, .. })
        | Command::Fetch(FetchArgs { source, .. }) => source.mirror.clone(),
        _ => None,
    };
    let trusted_root = match command {
        Command::Lock(LockArgs { trust, .. })
        | Command::Update(UpdateArgs { trust, .. })
        | Command::Sync(SyncArgs { trust, .. })
        | Command::Ci(CiArgs { trust, .. })
        | Command::Audit(AuditArgs { trust, .. }) => trust.trusted_root.clone(),
        _ => None,
    };
    let GlobalArgs { folder, env, offline, .. } = global;
    Flags { folder: folder.clone(), environment: env.clone(), offline: *offline, mirror, trusted_root }
}

/// Runs a command with what all commands have: a context, an output, a log, errors that are shown. Returns its exit code.
fn start(global: &GlobalArgs, flags: Flags, run: impl FnOnce(&Context<'_>, &Output) -> CommandResult) -> ExitCode {
    let variables = Variables::of_process();
    let output = Output::new(global, &variables);
    let progress = ProgressLine::new(&output);
    let reporter = |event| progress.report(&output, &event);
    let ask_secret = |question: &str| {
        progress.clear();
        if prompt::is_possible() { prompt::secret(&output, question).ok() } else { None }
    };
    let outcome = log::start(global.verbose, &variables)
        .and_then(|()| Context::new(flags, variables, &reporter))
        .and_then(|context| run(&Context { ask_secret: &ask_secret, ..context }, &output));
    progress.clear();
    let status = outcome.unwrap_or_else(|error| error_output::print(&output, &error));
    output.take_write_error().map_or(status, |error| error_output::print_write_error(&output, error))
}

/// Returns whether an invalid command line has `--json`.
fn wants_json(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}

/// Runs a command, and logs it if it changes something.
fn watched(command: Command, context: &Context<'_>, output: &Output) -> CommandResult {
    match command.operation() {
        Some(operation) => operation_log::watched(context, &operation, |context| dispatch(command, context, output)),
        None => dispatch(command, context, output),
    }
}

fn dispatch(command: Command, context: &Context<'_>, output: &Output) -> CommandResult {
    let session = &Session::new(context);
    match command {
        Command::Init(arguments) => commands::init::run(&arguments, session, output),
        Command::Add(arguments) => commands::add::run(&arguments, session, output),
        Command::Remove(arguments) => commands::remove::run(&arguments, session, output),
        Command::Adopt(arguments) => commands::adopt::run(&arguments, context, output),
        Command::Lock(arguments) => commands::lock::run(&arguments, session, output),
        Command::Update(arguments) => commands::update::run(&arguments, session, output),
        Command::Sync(arguments) => commands::sync::run(&arguments, session, output),
        Command::Ci(arguments) => commands::sync::ci(&arguments, session, output),
        Command::Fetch(arguments) => commands::fetch::run(&arguments, session, output),
        Command::Run(arguments) => commands::run::run(&arguments, session, output),
        Command::Dlx(arguments) => commands::dlx::run(&arguments, session),
        Command::Import(arguments) => commands::import::run(&arguments, session, output),
        Command::Export(arguments) => commands::export::run(&arguments, session, output),
        Command::Patch(arguments) => commands::patch::run(&arguments, session, output),
        Command::Licenses(arguments) => commands::licenses::run(&arguments, session, output),
        Command::Sbom(arguments) => commands::sbom::run(&arguments, session, output),
        Command::Graph(arguments) => commands::graph::run(&arguments, session, output),
        Command::Analyze => commands::analyze::run(session, output),
        Command::Hooks(arguments) => commands::hooks::run(&arguments, context, output),
        Command::CiTemplate(arguments) => commands::ci_template::run(&arguments, context, output),
        Command::Service(arguments) => commands::service::run(&arguments, context, output),
        Command::Schedule(arguments) => commands::schedule::run(&arguments, context, output),
        Command::List(arguments) => commands::list::run(&arguments, context, output),
        Command::Ready(arguments) => commands::ready::run(&arguments, session, output),
        Command::Impact(arguments) => commands::impact::run(&arguments, session, output),
        Command::Flow(arguments) => commands::flow::run(&arguments, session, output),
        Command::Explain(arguments) => commands::explain::run(&arguments, output),
        Command::Order(arguments) => commands::order::run(&arguments, context, output),
        Command::Tree(arguments) => commands::tree::run(&arguments, context, output),
        Command::Why(arguments) => commands::why::run(&arguments, context, output),
        Command::Bundle(arguments) => commands::bundle::run(&arguments, session, output),
        Command::Unbundle(arguments) => commands::unbundle::run(&arguments, session, output),
        Command::Builds(arguments) => commands::builds::run(&arguments, context, output),
        Command::Outdated => commands::outdated::run(session, output),
        Command::History => commands::history::run(context, output),
        Command::Diff(arguments) => commands::diff::run(&arguments, context, output),
        Command::Promote(arguments) => commands::promote::run(&arguments, session, output),
        Command::Pin(arguments) => commands::pin::run(&arguments, context, output),
        Command::Unpin(arguments) => commands::pin::unpin(&arguments, context, output),
        Command::Rollback(arguments) => commands::rollback::run(&arguments, session, output),
        Command::Gc(arguments) => commands::gc::run(&arguments, context, output),
        Command::Use(arguments) => commands::activate::run(&arguments, context, output),
        Command::Env(arguments) => commands::env::run(&arguments, context, output),
        Command::Verify(arguments) => commands::verify::run(&arguments, context, output),
        Command::Login(arguments) => commands::login::run(&arguments, session, output),
        Command::Logout(arguments) => commands::logout::run(&arguments, context, output),
        Command::Pack(arguments) => commands::pack::run(arguments, context, output),
        Command::Key(arguments) => commands::key::run(&arguments.command, context, output),
        Command::Publish(arguments) => commands::publish::run(&arguments, session, output),
        Command::Yank(arguments) => commands::yank::yank(&arguments, session, output),
        Command::Unyank(arguments) => commands::yank::unyank(&arguments, session, output),
        Command::Deprecate(arguments) => commands::yank::deprecate(&arguments, session, output),
        Command::Trust(arguments) => commands::trust::run(&arguments, session, output),
        Command::Registry(arguments) => commands::registry::run(&arguments, session, output),
        Command::Check(arguments) => commands::check::run(&arguments, session, output),
        Command::Audit(arguments) => commands::audit::run(&arguments, session, output),
        Command::Health(arguments) => commands::health::run(&arguments, session, output),
        Command::Advisories(arguments) => commands::advisories::run(&arguments, session, output),
        Command::Backup(arguments) => commands::backup::backup(&arguments, context, output),
        Command::Restore(arguments) => commands::backup::restore(&arguments, context, output),
        Command::Watch => commands::watch::run(context, output),
        Command::Doctor => commands::doctor::run(context, output),
        Command::Release(arguments) => commands::release::run(&arguments, session, output),
        Command::Log(arguments) => commands::log::run(&arguments, context, output),
        Command::Own(arguments) => commands::self_version::run(&arguments, session, output),
        Command::Completions(arguments) => commands::completions::run(&arguments, output),
        // They take the options of all commands along, and run before this.
        Command::Monitor(_) | Command::Companion(_) => Ok(ExitCode::SUCCESS),
    }
}
