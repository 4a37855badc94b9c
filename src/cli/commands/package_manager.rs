//! larder under the name of a package manager, as scripts find it inside `larder run`.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::args::GlobalArgs;
use crate::cli::error_output;
use crate::ops::run::{self, PackageManager, PackageManagerOutcome};
use crate::ops::{Context, Flags, Variables};

use super::Output;

pub(in crate::cli) fn run(manager: (&'static str, PackageManager), arguments: &[OsString]) -> ExitCode {
    let variables = Variables::of_process();
    let output = Output::new(&GlobalArgs::default(), &variables);
    let reporter = |_| {};
    let note = |text: &str| output.message(text);
    let outcome = Context::new(Flags::default(), variables, &reporter)
        .and_then(|context| run::run_package_manager(&context, manager, arguments, note));
    match outcome {
        Ok(PackageManagerOutcome::Nothing) => ExitCode::SUCCESS,
        Ok(PackageManagerOutcome::Listed(scripts)) => {
            for script in scripts {
                output.data_line(format!("{}  {}", script.name, script.command));
            }
            ExitCode::SUCCESS
        }
        Err(error) => error_output::print(&output, &error),
    }
}
