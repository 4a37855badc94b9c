//! `larder audit`

use std::process::ExitCode;

use crate::cli::args::AuditArgs;
use crate::ops::audit::{self, Fix};
use crate::ops::inspection::{AuditError, InspectionOptions};
use crate::ops::{Error, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &AuditArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let level = arguments.level.as_deref().map(str::parse).transpose().map_err(AuditError::Level);
    let fix = arguments.fix.then_some(if arguments.force { Fix::Widening } else { Fix::WithinRanges });
    let options = InspectionOptions { checks: arguments.checks.clone(), level: level.map_err(Error::from)? };
    let audited = audit::audit(session, &options, fix)?;
    let found = &audited.found;
    if arguments.format.sarif {
        output.json_always(&found.sarif());
    } else if arguments.format.github {
        output.data_verbatim(found.github());
    } else {
        output.json_with(|| audited.summary());
    }
    for line in audited.fixed.iter().flat_map(audit::Fixed::lines) {
        output.message(line);
    }
    for finding in found.warnings() {
        output.message(format!("warning: {finding}"));
    }
    for line in found.told() {
        output.message(line);
    }
    match found.refusal() {
        // The document has what is denied too.
        Some(_) if output.is_json() => Ok(ExitCode::from(1)),
        Some(refusal) => Err(refusal),
        None => DONE,
    }
}
