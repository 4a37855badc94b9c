//! `larder fetch`

use crate::cli::args::FetchArgs;
use crate::diagnostic::counted;
use crate::ops::mirror::{self, MirrorReport};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &FetchArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let lock = super::sync::lock_use(arguments.lock);
    if let Some(to) = &arguments.to {
        let platforms = arguments.platform.clone();
        let report = mirror::write(session, &mirror::Options { lock, to: to.clone(), platforms })?;
        output.json(&report);
        print(&report, &to.display().to_string(), output);
        return DONE;
    }
    let filled = ops::fetch::fetch(session, lock)?;
    output.json(&filled);
    for warning in &filled.warnings {
        output.message(format!("warning: {warning}"));
    }
    let environments = filled.environments.join(", ");
    output.message(match (filled.packages, filled.fetched) {
        (1, 0) => format!("The store has the package of {environments}"),
        (packages, 0) => format!("The store has all {packages} packages of {environments}"),
        (packages, fetched) => format!("Fetched {fetched} of {} of {environments}", counted(packages, "package")),
    });
    DONE
}

fn print(report: &MirrorReport, to: &str, output: &Output) {
    for warning in &report.warnings {
        output.message(format!("warning: {warning}"));
    }
    let (environments, platforms) = (report.environments.join(", "), report.platforms.join(", "));
    output.message(match (report.files, report.fetched) {
        (files, 0) => format!("{to} has all {files} files of {environments} for {platforms}"),
        (files, fetched) => {
            format!("Fetched {fetched} of {} of {environments} for {platforms} to {to}", counted(files, "file"))
        }
    });
}
