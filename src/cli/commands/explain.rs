//! `larder explain`

use crate::cli::args::{ExplainArgs, ExplainCommand};
use crate::ops::assets::explain;

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ExplainArgs, output: &Output) -> CommandResult {
    let ExplainCommand::Adapter { kind } = &arguments.command;
    let explained = explain::adapter(kind)?;
    output.json_with(|| explained.schema());
    explained.lines().iter().for_each(|line| output.data_line(line));
    DONE
}
