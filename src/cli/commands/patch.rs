//! `larder patch`

use crate::cli::args::PatchArgs;
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &PatchArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if let Some(folder) = &arguments.commit {
        let changes = ops::patch::commit(session, folder, !arguments.no_sync)?;
        super::sync::sync_after_edit(&changes, arguments.no_sync, session, output)?;
        return DONE;
    }
    let Some(package) = &arguments.package else { return DONE };
    let opened = ops::patch::open(session, package)?;
    output.json(&opened);
    output.data_line(opened.folder.display().to_string());
    output.message(format!(
        "Edit {} there, then run: larder patch --commit {}",
        opened.package,
        opened.folder.display()
    ));
    DONE
}
