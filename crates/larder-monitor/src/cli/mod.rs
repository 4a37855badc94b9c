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

use args::{AlertsCommand, Command, CommandLine};

/// Parses the arguments, runs the command and returns its exit code.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line: CommandLine = match parse(words) {
        Ok(line) => line,
        Err(status) => return status,
    };
    start(&line.global, |context, output| match &line.command {
        None => monitor::run(&line.watch, context, output),
        Some(Command::Alerts(alerts)) => match &alerts.command {
            AlertsCommand::List => alerts::list(context, output),
            AlertsCommand::Test(test) => alerts::test(test, context, output),
        },
    })
}
