//! The command line: `larder-monitor`, or `larder monitor`.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `args` | its grammar |
//! | `monitor` | `larder monitor` itself |
//! | `alerts` | `larder monitor alerts list`, `larder monitor alerts test` |

mod alerts;
mod args;
mod monitor;

use std::ffi::OsString;
use std::process::ExitCode;

use larder::cli::extension::{parse, start};
use larder::diagnostic::{Exit, Failure};

use args::{AlertsCommand, Command, CommandLine};

/// Parses the arguments, runs the command and returns its exit code.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line: CommandLine = match parse(words) {
        Ok(line) => line,
        Err(status) => return status,
    };
    start(&line.global, |context, output| match &line.command {
        None => monitor::run(&line.watch, context, output),
        Some(Command::Alerts(_)) if line.watch.are_given() => Err(NothingIsWatched.into()),
        Some(Command::Alerts(alerts)) => match &alerts.command {
            AlertsCommand::List => alerts::list(context, output),
            AlertsCommand::Test(test) => alerts::test(test, context, output),
        },
    })
}

/// A command that watches nothing, with an option of watching.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`alerts` watches nothing: `--once`, `--interval` and `--listen` are not for it")]
#[diagnostic(code(larder::cli::usage), help("leave the option out"))]
struct NothingIsWatched;

impl Failure for NothingIsWatched {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
