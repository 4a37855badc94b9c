//! `larder import`

use crate::cli::args::{ImportArgs, ImportCommand};
use crate::diagnostic::counted;
use crate::ops::asset_findings;
use crate::ops::assets::import::AssetImport;
use crate::ops::assets::{carried, import};
use crate::ops::init::{Guards, NotTaken};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ImportArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    match &arguments.command {
        Some(ImportCommand::Assets { source, mapping }) => {
            let request = AssetImport { folder: source.clone(), mapping: mapping.clone() };
            return report_imported(&import::import(session, &request)?, output);
        }
        Some(ImportCommand::Flows { file, identity, into }) => {
            let (file, identities, into) = (file.clone(), identity.clone(), into.clone());
            let imported = carried::import(session, &carried::FlowsImport { file, identities, into })?;
            return report_imported(&imported, output);
        }
        None => {}
    }
    let Some(file) = &arguments.file else { return DONE };
    let request = ops::import::ImportRequest {
        file,
        guards: if arguments.leave_out { Guards::LeftOut } else { Guards::Required },
        syncs: !arguments.no_sync,
    };
    let taken = ops::import::import(session, &request)?;
    super::sync::sync_after_edit(&taken.changes, arguments.no_sync, session, output)?;
    if taken.known > 0 {
        output.message(format!("There already: {}", taken.known));
    }
    report_not_taken(&taken.left, output);
    DONE
}

/// Says which assets were imported.
fn report_imported(imported: &import::ImportedAssets, output: &Output) -> CommandResult {
    output.json_with(|| imported.summary());
    for asset in imported.assets.iter().filter(|asset| asset.new) {
        output.message(format!("Added {} in {}", asset.id, asset.file));
    }
    let of_asset = |file: &&String| imported.assets.iter().any(|asset| asset.file == **file);
    for file in imported.files.iter().filter(|file| !of_asset(file)) {
        output.message(format!("Wrote {file}, which they need"));
    }
    imported.left_out.iter().for_each(|line| output.message(format!("Left out {line}")));
    let known = imported.assets.iter().filter(|asset| !asset.new).count();
    if known > 0 {
        output.message(format!("There already: {}", counted(known, "asset")));
    }
    imported.findings.iter().for_each(|finding| output.message(asset_findings::line(finding)));
    imported.notes.iter().for_each(|note| output.message(format!("note: {note}")));
    DONE
}

/// Says what was not taken over, by the reason, in the order in which the reasons came up.
pub(super) fn report_not_taken(not_taken: &[NotTaken], output: &Output) {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for part in not_taken {
        match reasons.iter_mut().find(|(why, _)| *why == part.why) {
            Some((_, parts)) => parts.push(&part.what),
            None => reasons.push((&part.why, vec![&part.what])),
        }
    }
    for (why, parts) in reasons {
        output.message(format!("Left out {}: {why}", parts.join(", ")));
    }
}
