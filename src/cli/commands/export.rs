//! `larder export`

use crate::cli::args::{ExportArgs, ExportFormName};
use crate::diagnostic::counted;
use crate::ops::Session;
use crate::ops::export::{ExportForm, ExportRequest, LeftOutLine, export};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ExportArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let form = match arguments.form {
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
