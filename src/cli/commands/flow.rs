//! `larder flow`

use crate::cli::args::{FlowArgs, FlowCommand};
use crate::ops::Session;
use crate::ops::assets::flow::{self, FlowChanged};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &FlowArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let changed = match &arguments.command {
        FlowCommand::List => return list(session, output),
        FlowCommand::Ready(name) => flow::declare_ready(session, &name.flow)?,
        FlowCommand::Archive(name) => flow::archive(session, &name.flow)?,
        FlowCommand::Deploy(name) => flow::deploy(session, &name.flow)?,
        FlowCommand::Suspend(name) => flow::suspend(session, &name.flow, true)?,
        FlowCommand::Resume(name) => flow::suspend(session, &name.flow, false)?,
        FlowCommand::Withdraw(name) => flow::withdraw(session, &name.flow)?,
    };
    report(&changed, output);
    DONE
}

fn list(session: &Session<'_>, output: &Output) -> CommandResult {
    let listing = flow::list(session)?;
    output.json(&listing);
    for flow in &listing.flows {
        let state = flow.state.or(flow.declared).unwrap_or_default();
        let version = flow.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        output.data_line(format!("{} {state}{version}", flow.flow));
    }
    DONE
}

/// Reports what became of a flow.
pub(super) fn report(changed: &FlowChanged, output: &Output) {
    output.json(changed);
    for warning in &changed.warnings {
        output.message(format!("warning: {warning}"));
    }
    for change in &changed.changes {
        output.message(change);
    }
    let FlowChanged { flow, state, .. } = changed;
    output.message(match (&changed.environment, changed.generation, &changed.file) {
        (Some(environment), Some(number), _) if changed.built => {
            format!("{flow} is {state} in {environment}, at generation {number}")
        }
        (Some(environment), Some(number), _) => {
            format!("{environment} is at generation {number} as it was: {flow} is {state}")
        }
        (_, _, Some(file)) => format!("Wrote {file}: {flow} is {state}"),
        _ => format!("{flow} is {state}"),
    });
}
