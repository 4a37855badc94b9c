//! `larder schedule`

use crate::cli::args::ScheduleArgs;
use crate::ops::Context;
use crate::ops::automation::schedule::{self, Scheduler};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ScheduleArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let scheduler = if arguments.cron { Scheduler::Cron } else { Scheduler::Systemd };
    let planned = schedule::schedule(context, scheduler)?;
    output.json(&planned);
    for file in &planned.files {
        output.message(file.line());
    }
    for line in &planned.added {
        output.message(format!("Added to the crontab: {line}"));
    }
    for line in &planned.kept {
        output.message(format!("Nothing to do: {line}"));
    }
    if let Some(command) = &planned.next {
        output.message(format!("Now run: {command}"));
    }
    DONE
}
