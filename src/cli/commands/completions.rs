//! `larder completions`

use clap::CommandFactory;

use crate::cli::args::{Arguments, Completions};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Completions, output: &Output) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "larder", &mut script);
    output.print_exactly(String::from_utf8_lossy(&script));
    DONE
}
