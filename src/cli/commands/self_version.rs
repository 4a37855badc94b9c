//! `larder self version`

use crate::cli::args::{SelfArgs, SelfCommand};
use crate::ops::Session;
use crate::ops::self_version::{self, Check};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &SelfArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let SelfCommand::Version { check } = arguments.command;
    let told = self_version::version(session, if check { Check::Registries } else { Check::Nothing })?;
    output.json(&told);
    output.data_line(format!("larder {} ({})", told.version, told.executable.display()));
    match (&told.newest, told.outdated) {
        (Some(newest), Some(true)) => {
            output.message(format!("larder {newest} is newer: get it from where you have this one"));
        }
        (Some(_), _) => output.message("This is the newest"),
        (None, _) => {}
    }
    DONE
}
