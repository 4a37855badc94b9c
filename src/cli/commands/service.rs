//! `larder service`

use crate::cli::args::{ServiceArgs, ServiceCommand, ServiceExportArgs, SupervisorName};
use crate::ops::Context;
use crate::ops::automation::service::{self, ExportOptions, Supervisor};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ServiceArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let ServiceCommand::Export(arguments) = &arguments.command;
    let supervisor = supervisor(arguments);
    if arguments.print {
        let units = service::units(context, supervisor)?;
        output.json(&units);
        for unit in units {
            output.data_verbatim(unit.text);
        }
        return DONE;
    }
    let options = ExportOptions { supervisor, folder: arguments.output.as_deref(), replaces: arguments.force };
    let exported = service::export(context, options)?;
    output.json(&exported);
    for file in &exported.files {
        output.message(file.line());
    }
    output.message(format!("Now run: {}", exported.next));
    DONE
}

fn supervisor(arguments: &ServiceExportArgs) -> Supervisor<'_> {
    match (arguments.supervisor, &arguments.system) {
        (SupervisorName::Systemd, Some(user)) => Supervisor::SystemdAs(user),
        (SupervisorName::Systemd, None) => Supervisor::Systemd,
        (SupervisorName::Launchd, _) => Supervisor::Launchd,
    }
}
