//! `larder dlx`

use std::process::ExitCode;

use crate::cli::args::DlxArgs;
use crate::ops::Session;
use crate::ops::dlx::{DlxRequest, Freshness, dlx};

use super::{CommandResult, DONE};

pub(in crate::cli) fn run(arguments: &DlxArgs, session: &Session<'_>) -> CommandResult {
    let Some((tool, rest)) = arguments.command.split_first() else { return DONE };
    let request = DlxRequest {
        tool: &tool.to_string_lossy(),
        arguments: rest,
        with: &arguments.with,
        freshness: if arguments.refresh { Freshness::Refreshed } else { Freshness::Day },
    };
    Ok(ExitCode::from(dlx(session, &request)?))
}
