//! How an error is told: drawn for a person, or as a document.

use std::process::ExitCode;

use miette::{Diagnostic, GraphicalTheme, SourceCode};
use serde::Serialize;

use crate::diagnostic::Failure;
use crate::fs::{Action, FsError};
use crate::ops::Error;

use super::drawing;
use super::output::Output;
use super::visible::without_passwords;

/// Tells the error and returns the exit code that it stands for.
pub(super) fn show(output: &Output, error: &Error) -> ExitCode {
    let failure = error.failure();
    output.document(&Document { error: Told::of(failure, None) });
    let theme = if output.is_colored() { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    output.complain(drawing::draw(failure, theme));
    ExitCode::from(failure.exit().status())
}

/// Says that standard output did not take all data.
pub(super) fn show_lost(output: &Output, error: std::io::Error) -> ExitCode {
    let failure = FsError::new(Action::Write, "/dev/stdout", error);
    output.insist(drawing::draw(&failure, GraphicalTheme::unicode_nocolor()));
    ExitCode::from(failure.exit().status())
}

/// Tells a command line that is none as a document.
pub(super) fn show_usage(error: &clap::Error) -> ExitCode {
    let text = error.to_string();
    let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim()).lines().next().unwrap_or_default();
    let error = Told {
        code: "larder::cli::usage".to_owned(),
        message: message.to_owned(),
        labels: Vec::new(),
        help: Some("`larder --help` shows what there is".to_owned()),
        related: Vec::new(),
    };
    Output::of_document().document(&Document { error });
    ExitCode::from(2)
}

/// `{"error": …}`: see `schema/error.json`.
#[derive(Serialize)]
struct Document {
    error: Told,
}

#[derive(Serialize)]
struct Told {
    code: String,
    message: String,
    labels: Vec<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Told>,
}

#[derive(Serialize)]
struct Label {
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

impl Told {
    fn of(error: &dyn Diagnostic, outer: Option<&dyn SourceCode>) -> Self {
        let source = error.source_code().or(outer);
        let labels = error.labels().into_iter().flatten().map(|label| {
            let place = source.and_then(|source| source.read_span(label.inner(), 0, 0).ok());
            Label {
                text: label.label().map(str::to_owned),
                offset: label.offset(),
                length: label.len(),
                line: place.as_ref().map(|place| place.line() + 1),
                column: place.as_ref().map(|place| place.column() + 1),
                file: place.as_ref().and_then(|place| place.name().map(str::to_owned)),
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
            message: without_passwords(&message).into_owned(),
            labels: labels.collect(),
            help: error.help().map(|help| without_passwords(&help.to_string()).into_owned()),
            related: error.related().into_iter().flatten().map(|related| Self::of(related, source)).collect(),
        }
    }
}
