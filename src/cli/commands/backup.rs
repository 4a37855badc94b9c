//! `larder backup` and `larder restore`

use crate::cli::args::{BackupArgs, RestoreArgs};
use crate::diagnostic::{counted, size};
use crate::ops::Context;
use crate::ops::backup::{self, KeptGeneration, RestoreOptions};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn backup(arguments: &BackupArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let written = backup::backup(context, &arguments.file)?;
    output.json(&written);
    output.message(format!(
        "Wrote {}: {}, {}, read again and whole",
        written.file.display(),
        counted(written.files, "file"),
        size(written.bytes)
    ));
    DONE
}

pub(in crate::cli) fn restore(arguments: &RestoreArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let options = RestoreOptions {
        folder: arguments.target.clone(),
        force: arguments.force,
        generation: arguments.generation.clone(),
        list: arguments.list,
    };
    let restored = backup::restore(context, &arguments.file, &options)?;
    output.json(&restored);
    if arguments.list {
        restored.generations.iter().for_each(|one| output.data_line(line(one)));
        output.message(format!("The backup of {} is whole", restored.created.unwrap_or_default()));
        return DONE;
    }
    for file in &restored.files {
        output.detail(format!("- {file}"));
    }
    let files = counted(restored.files.len(), "file");
    if restored.finished_earlier {
        output.message(format!("Finished a restore that was cut off: {files}. Run it again to restore this backup"));
    } else {
        output.message(format!("Restored {files} in {}", restored.folder.display()));
        let environment = restored.active.map(|name| format!(" --env {name}")).unwrap_or_default();
        output.message(format!("`larder sync --frozen{environment}` builds what the lock says"));
    }
    DONE
}

fn line(one: &KeptGeneration) -> String {
    let current = if one.current { "  (current)" } else { "" };
    format!("{}@{}  {}  {}{current}", one.environment, one.number, one.created, &one.digest)
}
