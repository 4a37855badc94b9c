//! `larder completions`

use clap::CommandFactory;
use serde::Serialize;

use crate::cli::args::{CommandLine, CompletionsArgs};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &CompletionsArgs, output: &Output) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "larder", &mut script);
    let script = String::from_utf8_lossy(&script);
    output.json(&Completions { shell: arguments.shell.to_string(), script: &script });
    output.data_verbatim(&script);
    DONE
}

/// `larder completions --json`: see `schema/completions.json`.
#[derive(Serialize)]
struct Completions<'a> {
    shell: String,
    script: &'a str,
}
