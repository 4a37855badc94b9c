//! `larder export`

use crate::cli::args::{ExportArgs, ExportCommand, ExportFormName};
use crate::diagnostic::{counted, size};
use crate::ops::Session;
use crate::ops::assets::carried;
use crate::ops::export::{ExportForm, ExportRequest, LeftOutLine, export};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ExportArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if let Some(ExportCommand::Flows { flows, encrypt, output: file }) = &arguments.command {
        let request = carried::FlowsExport { flows: flows.clone(), recipients: encrypt.clone(), file: file.clone() };
        return export_flows(session, &request, output);
    }
    let Some(form) = arguments.form else { return DONE };
    let form = match form {
        ExportFormName::Pylock => ExportForm::Pylock,
        ExportFormName::Requirements => ExportForm::Requirements,
        ExportFormName::PackageLock => ExportForm::PackageLock,
        ExportFormName::PnpmLock => ExportForm::PnpmLock,
        ExportFormName::PackageJson => ExportForm::PackageJson,
    };
    let (file, member) = (arguments.output.clone(), arguments.member.clone());
    let exported = export(session, &ExportRequest { form, file, platform: arguments.platform, member })?;
    output.json(&exported);
    if let Some(text) = &exported.text {
        output.data_verbatim(text);
    }
    for of_reason in exported.left_out.chunk_by(|a, b| a.reason == b.reason) {
        output.message(left_out(of_reason));
    }
    if let Some(file) = &exported.file {
        output.message(format!(
            "Wrote {} of {} to {file}",
            counted(exported.packages, "package"),
            exported.environment
        ));
    }
    DONE
}

fn export_flows(session: &Session<'_>, request: &carried::FlowsExport, output: &Output) -> CommandResult {
    let exported = carried::export(session, request)?;
    output.json(&exported);
    exported.assets.iter().for_each(|asset| output.detail(format!("- {asset}")));
    let (flows, assets) = (counted(exported.flows.len(), "flow"), counted(exported.assets.len(), "asset"));
    let encrypted = if exported.encrypted { "encrypted" } else { "not encrypted" };
    output.message(format!(
        "Wrote {flows}, {assets} in all, to {}: {}, {encrypted}",
        exported.file,
        size(exported.bytes)
    ));
    DONE
}

/// Names the lines that were left out for one reason.
fn left_out(lines: &[LeftOutLine]) -> String {
    const LISTED: usize = 8;
    let mut named: Vec<&str> = lines.iter().take(LISTED).map(|one| one.line.as_str()).collect();
    let more = format!("{} more", lines.len().saturating_sub(LISTED));
    if lines.len() > LISTED {
        named.push(&more);
    }
    format!("left out: {}: {}", named.join(", "), lines.first().map(|one| one.reason.as_str()).unwrap_or_default())
}
