//! The only place that writes to the terminal: data to standard output, messages to standard error.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::ops::Variables;
use crate::ops::run::Stream;

use super::args::{ColorChoice, GlobalArgs};
use super::sanitize;

/// The output of a run.
pub struct Output {
    mode: OutputMode,
    color: bool,
    terminal: bool,
    /// The error of writing data, if there was one.
    write_error: Mutex<Option<io::Error>>,
}

/// What a run prints.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OutputMode {
    /// One JSON document.
    Json,
    /// Data and errors.
    Quiet,
    /// Also messages for people.
    Normal,
    /// Also details.
    Verbose,
}

impl Output {
    /// Creates the output for these options. Colour depends on whether standard error is a terminal.
    pub(super) fn new(global: &GlobalArgs, variables: &Variables) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let color = match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && variables.text("NO_COLOR").is_none(),
        };
        let mode = match global {
            GlobalArgs { json: true, .. } => OutputMode::Json,
            GlobalArgs { quiet: true, .. } => OutputMode::Quiet,
            GlobalArgs { verbose: 0, .. } => OutputMode::Normal,
            GlobalArgs { .. } => OutputMode::Verbose,
        };
        Self { mode, color, terminal, write_error: Mutex::default() }
    }

    /// Creates an output for a single JSON document.
    pub(super) fn json_only() -> Self {
        Self { mode: OutputMode::Json, color: false, terminal: false, write_error: Mutex::default() }
    }

    /// Returns whether progress is shown: on a terminal, and without a log, whose lines it would overwrite.
    pub(super) fn shows_progress(&self) -> bool {
        self.terminal && self.mode == OutputMode::Normal
    }

    /// Returns whether the run's data is one JSON document.
    pub fn is_json(&self) -> bool {
        self.mode == OutputMode::Json
    }

    /// Returns whether colour is wanted on standard error.
    pub(super) fn is_colored(&self) -> bool {
        self.color
    }

    /// Prints a message for people, in one line.
    pub fn message(&self, text: impl AsRef<str>) {
        if matches!(self.mode, OutputMode::Normal | OutputMode::Verbose) {
            let _ = write_lines(io::stderr().lock(), &sanitize::one_line(text.as_ref()));
        }
    }

    /// Prints a question, even with `--quiet`: the answer follows on the same line.
    #[allow(clippy::unused_self, reason = "all output goes through this type")]
    pub(super) fn question(&self, question: &str) {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(sanitize::one_line(question).as_bytes()).and_then(|()| stderr.flush());
    }

    /// Asks a question on the terminal. Without a terminal the answer is no.
    pub(super) fn confirm(&self, question: &str) -> bool {
        if self.mode != OutputMode::Normal && self.mode != OutputMode::Verbose || !std::io::stdin().is_terminal() {
            return false;
        }
        let _ = write_lines(io::stderr().lock(), &sanitize::one_line(&format!("{question} [y/N]")));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    /// Returns whether details are printed: `-v`.
    pub(super) fn is_verbose(&self) -> bool {
        self.mode == OutputMode::Verbose
    }

    /// Prints a message only with `-v`.
    pub(super) fn detail(&self, text: impl AsRef<str>) {
        if self.is_verbose() {
            self.message(text);
        }
    }

    /// Prints a rendered error, even with `--quiet`, but not with `--json`.
    pub(super) fn error(&self, text: impl AsRef<str>) {
        if !self.is_json() {
            self.error_always(text);
        }
    }

    /// Prints a rendered error, even with `--json`.
    #[allow(clippy::unused_self, reason = "all output goes through this type")]
    pub(super) fn error_always(&self, text: impl AsRef<str>) {
        let _ = write_lines(io::stderr().lock(), text.as_ref());
    }

    /// Prints a line of data, unless the data is printed as JSON.
    pub fn data_line(&self, line: impl AsRef<str>) {
        if !self.is_json() {
            self.write_data(&sanitize::one_line(line.as_ref()));
        }
    }

    /// Prints data for other programs unchanged, unless the data is printed as JSON.
    pub fn data_verbatim(&self, text: impl AsRef<str>) {
        if !self.is_json() {
            self.write_data(text.as_ref());
        }
    }

    /// Prints a JSON document that was written before, with and without `--json`.
    pub(super) fn report(&self, text: &str) {
        self.write_data(&sanitize::json(text));
    }

    /// Passes on a line that a child wrote, as it is, behind the name of the child.
    pub(super) fn child_line(&self, prefix: &str, stream: Stream, line: &[u8]) {
        let mut whole = prefix.as_bytes().to_vec();
        whole.extend_from_slice(line);
        whole.push(b'\n');
        match stream {
            Stream::Output => self.note_error(io::stdout().lock().write_all(&whole)),
            Stream::Error => drop(io::stderr().lock().write_all(&whole)),
        }
    }

    /// Prints the run's JSON document, with `--json`.
    pub fn json(&self, value: &impl Serialize) {
        if self.is_json() {
            self.json_always(value);
        }
    }

    /// Creates and prints the run's JSON document, with `--json`.
    pub(super) fn json_with<T: Serialize>(&self, make: impl FnOnce() -> T) {
        if self.is_json() {
            self.json_always(&make());
        }
    }

    /// Prints a JSON document, even without `--json`.
    pub(super) fn json_always(&self, value: &impl Serialize) {
        // Structs of strings and numbers can always be serialized.
        self.json_text(&serde_json::to_string(value).unwrap_or_default());
    }

    /// Prints the text of a JSON document, even without `--json`.
    pub(super) fn json_text(&self, text: &str) {
        self.write_data(&sanitize::json(text));
    }

    /// Returns the error of writing data, if there was one.
    pub(super) fn take_write_error(&self) -> Option<io::Error> {
        self.write_error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn write_data(&self, data: &str) {
        self.note_error(write_lines(io::stdout().lock(), data));
    }

    fn note_error(&self, written: io::Result<()>) {
        match written {
            // A closed pipe (`larder list | head`) is no error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                *self.write_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            _ => {}
        }
    }
}

/// Prints clap's output: help and version to standard output, errors to standard error.
pub(super) fn print_usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        // The message quotes control characters of the command line.
        let sanitized = text.lines().map(sanitize::one_line).collect::<Vec<_>>().join("\n");
        let _ = write_lines(io::stderr().lock(), &sanitized);
    } else {
        let _ = error.print();
    }
    if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

/// One line of the log. It is written when it is dropped, made visible as all other text is.
pub(super) struct LogLine(Vec<u8>);

impl LogLine {
    /// Returns an empty line.
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.0);
        let _ = write_lines(io::stderr().lock(), &sanitize::one_line(text.trim_end_matches('\n')));
    }
}

fn write_lines(mut stream: impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.trim_end_matches('\n').as_bytes())?;
    stream.write_all(b"\n")?;
    stream.flush()
}
