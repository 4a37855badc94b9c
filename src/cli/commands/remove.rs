//! `larder remove`

use crate::cli::args::RemoveArgs;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &RemoveArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if takes_assets(arguments) {
        return remove_assets(arguments, session, output);
    }
    let changes = ops::remove::remove(session, &arguments.packages, arguments.group.as_deref())?;
    super::sync::sync_after_edit(&changes, arguments.no_sync, session, output)?;
    DONE
}

/// Tells whether the command is about assets, and not about dependencies.
pub(in crate::cli) fn takes_assets(arguments: &RemoveArgs) -> bool {
    arguments.force || arguments.packages.iter().all(|name| ops::assets::remove::is_asset(name))
}

fn remove_assets(arguments: &RemoveArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let done = ops::assets::remove::remove(session, &arguments.packages, arguments.force)?;
    output.json(&done);
    for asset in &done.removed {
        output.message(format!("Removed {} from {}; {} stays", asset.id, asset.manifest, asset.file));
    }
    for orphaned in &done.orphaned {
        output.message(format!("warning: {}, which is gone", orphaned.line()));
    }
    DONE
}
