//! What programs that come beside larder share with it: the options of every command, output, errors, exit codes.
//!
//! ```ignore
//! #[derive(clap::Parser)]
//! struct CommandLine {
//!     #[command(flatten)]
//!     global: larder::cli::extension::GlobalArgs,
//! }
//!
//! let line = parse::<CommandLine>(std::env::args_os())?;
//! start(&line.global, |context, output| { … })
//! ```

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::ops::{Context, Flags};

pub use super::CommandResult;
pub use super::args::GlobalArgs;
pub use super::output::Output;

/// Parses a command line.
///
/// # Errors
/// The exit code, if it is none, or asks for help; what has to be said of that was printed.
pub fn parse<L: Parser>(words: impl IntoIterator<Item = OsString>) -> Result<L, ExitCode> {
    let words: Vec<OsString> = words.into_iter().collect();
    L::try_parse_from(&words).map_err(|error| {
        if error.use_stderr() && super::wants_json(&words) {
            super::error_output::print_usage_document(&error)
        } else {
            super::output::print_usage(&error)
        }
    })
}

/// Runs a command with what all commands have: a context, an output, a log, errors that are shown. Returns its exit code.
pub fn start(global: &GlobalArgs, run: impl FnOnce(&Context<'_>, &Output) -> CommandResult) -> ExitCode {
    let GlobalArgs { folder, env, offline, .. } = global;
    let flags = Flags { folder: folder.clone(), environment: env.clone(), offline: *offline, ..Flags::default() };
    super::start(global, flags, run)
}
