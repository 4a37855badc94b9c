//! Output of errors: rendered for people, or as a JSON document.

use std::process::ExitCode;

use miette::{Diagnostic, GraphicalTheme, Severity, SourceCode};
use serde::Serialize;

use crate::diagnostic::{Failure, redact_passwords};
use crate::fs::{Action, FsError};
use crate::ops::Error;

use super::output::Output;
use super::render;

/// Prints the error. Returns its exit code.
pub(super) fn print(output: &Output, error: &Error) -> ExitCode {
    let failure = error.failure();
    output.json(&ErrorDocument { error: ErrorReport::new(failure, None) });
    let theme = if output.is_colored() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    output.error(render::render(failure, theme));
    ExitCode::from(failure.exit().status())
}

/// Prints that writing to standard output failed. Returns the exit code.
pub(super) fn print_write_error(output: &Output, error: std::io::Error) -> ExitCode {
    let failure = FsError::new(Action::Write, "/dev/stdout", error);
    output.error_always(render::render(&failure, GraphicalTheme::unicode_nocolor()));
    ExitCode::from(failure.exit().status())
}

/// Prints an invalid command line as a JSON document. Returns the exit code.
pub(super) fn print_usage_document(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim()).lines().next().unwrap_or_default();
    let error = ErrorReport {
        code: "larder::cli::usage".to_owned(),
        severity: None,
        message: message.to_owned(),
        labels: Vec::new(),
        help: Some("`larder --help` lists the commands and options".to_owned()),
        related: Vec::new(),
    };
    Output::json_only().json(&ErrorDocument { error });
    ExitCode::from(2)
}

/// `{"error": …}`: see `schema/error.json`.
#[derive(Serialize)]
struct ErrorDocument {
    error: ErrorReport,
}

#[derive(Serialize)]
struct ErrorReport {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    message: String,
    labels: Vec<ErrorLabel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<ErrorReport>,
}

#[derive(Serialize)]
struct ErrorLabel {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    offset: usize,
    length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

impl ErrorReport {
    fn new(error: &dyn Diagnostic, outer: Option<&dyn SourceCode>) -> Self {
        let source = error.source_code().or(outer);
        let labels = error.labels().into_iter().flatten().map(|label| {
            let position = source.and_then(|source| source.read_span(label.inner(), 0, 0).ok());
            ErrorLabel {
                text: label.label().map(str::to_owned),
                offset: label.offset(),
                length: label.len(),
                line: position.as_ref().map(|position| position.line() + 1),
                column: position.as_ref().map(|position| position.column() + 1),
                file: position.as_ref().and_then(|position| position.name().map(str::to_owned)),
            }
        });
        let mut message = error.to_string();
        let mut cause = std::error::Error::source(error as &dyn std::error::Error);
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            cause = inner.source();
        }
        Self {
            code: error.code().map(|code| code.to_string()).unwrap_or_default(),
            severity: error.severity().map(|severity| match severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Advice => "note",
            }),
            message: redact_passwords(&message).into_owned(),
            labels: labels.collect(),
            help: error.help().map(|help| redact_passwords(&help.to_string()).into_owned()),
            related: error.related().into_iter().flatten().map(|related| Self::new(related, source)).collect(),
        }
    }
}
