//! `larder completions`

use clap::CommandFactory;

use crate::cli::args::{CommandLine, CompletionsArgs};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &CompletionsArgs, output: &Output) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "larder", &mut script);
    output.data_verbatim(String::from_utf8_lossy(&script));
    DONE
}
