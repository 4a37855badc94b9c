//! `larder fetch`

use std::process::ExitCode;

use crate::cli::args::FetchArgs;
use crate::diagnostic::counted;
use crate::ops::batch::{self, BatchReport};
use crate::ops::mirror::{self, MirrorReport};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &FetchArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if let Some(file) = &arguments.batch {
        let (file, to, platforms) = (file.clone(), arguments.to.clone(), arguments.platform.clone());
        return fetch_batch(&batch::BatchOptions { file, to, platforms }, session, output);
    }
    let lock = super::sync::lock_use(arguments.lock);
    if let Some(to) = &arguments.to {
        let platforms = arguments.platform.clone();
        let report = mirror::write(session, &mirror::MirrorOptions { lock, to: to.clone(), platforms })?;
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

fn fetch_batch(options: &batch::BatchOptions, session: &Session<'_>, output: &Output) -> CommandResult {
    let report = batch::fetch(session, options)?;
    output.json(&report);
    print_batch(&report, output);
    Ok(report.exit().map_or(ExitCode::SUCCESS, |exit| ExitCode::from(exit.status())))
}

fn print_batch(report: &BatchReport, output: &Output) {
    for warning in &report.warnings {
        output.message(format!("warning: {warning}"));
    }
    for entry in &report.packages {
        let asked = entry.asked.as_ref().map(|asked| format!(" {asked}")).unwrap_or_default();
        match (&entry.error, &entry.package) {
            (Some(error), _) => {
                output.message(format!("failed: {}{asked}: {}", entry.name, error.message));
                if let Some(help) = &error.help {
                    output.message(format!("  help: {help}"));
                }
            }
            (None, Some(package)) => output.message(format!("fetched: {package}")),
            (None, None) => {}
        }
    }
    let (all, place) = (report.packages.len(), report.to.as_deref().unwrap_or("the store"));
    let new = format!("{} new", counted(report.fetched, "file"));
    output.message(match report.failed {
        0 => format!("{place} has {}: {new}", counted(all, "package")),
        failed => {
            format!("{place} has {} of {}, and {failed} failed: {new}", report.succeeded, counted(all, "package"))
        }
    });
}
