//! `larder watch`

use crate::ops::{Context, watch};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(context: &Context<'_>, output: &Output) -> CommandResult {
    output.message("Watching; Ctrl-C ends it");
    watch::watch(context, &|outcome| match outcome {
        Ok(synced) => super::sync::report(synced, output),
        Err(error) => drop(crate::cli::error_output::print(output, error)),
    })?;
    DONE
}
