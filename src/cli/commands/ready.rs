//! `larder ready`

use std::process::ExitCode;

use crate::cli::args::ReadyArgs;
use crate::diagnostic::Exit;
use crate::ops::Session;
use crate::ops::assets::ready::ready;

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ReadyArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let readied = ready(session, &arguments.flows, arguments.probe)?;
    output.json_with(|| readied.summary());
    for probe in &readied.probes {
        let problem = probe.problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default();
        let reached = if probe.reached { "reaches" } else { "does not reach" };
        output.message(format!("{} {reached} {}{problem}", probe.adapter, probe.target));
    }
    readied.lines().iter().for_each(|line| output.data_line(line));
    if readied.is_ready() { DONE } else { Ok(ExitCode::from(Exit::Refused.status())) }
}
