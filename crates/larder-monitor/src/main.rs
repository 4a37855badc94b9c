//! The `larder-monitor` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    larder_monitor::cli::run(std::env::args_os())
}
