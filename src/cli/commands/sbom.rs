//! `larder sbom`

use crate::cli::args::{BillFormName, SbomArgs};
use crate::diagnostic::counted;
use crate::ops::Session;
use crate::ops::sbom::{BillForm, BillTime, sbom};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &SbomArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let form = match arguments.format {
        BillFormName::Cyclonedx => BillForm::CycloneDx,
        BillFormName::Spdx => BillForm::Spdx,
    };
    let time = if arguments.timestamp { BillTime::Now } else { BillTime::Reproducible };
    let sbom = sbom(session, form, time, arguments.output.clone())?;
    output.json(&sbom);
    if let Some(text) = &sbom.text {
        output.data_verbatim(text);
    }
    if let Some(file) = &sbom.file {
        output.message(format!("Wrote {} of {} to {file}", counted(sbom.components, "component"), sbom.environment));
    }
    if sbom.without_license > 0 {
        output.message(format!(
            "Without a known license: {}; larder licenses names them",
            counted(sbom.without_license, "package")
        ));
    }
    DONE
}
