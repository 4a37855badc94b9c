//! The only place that writes to the terminal: data to standard output, words to standard error.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::ops::Variables;

use super::args::{Color, Global};
use super::visible;

/// How a run talks.
pub(super) struct Output {
    manner: Manner,
    color: bool,
    terminal: bool,
    /// Why data did not come through.
    lost: Mutex<Option<io::Error>>,
}

/// How much a run says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// One JSON document, and nothing else.
    Json,
    /// Data and errors.
    Quiet,
    /// What a person wants to know.
    Usual,
    /// And more.
    Verbose,
}

impl Output {
    /// Decides by the switches and by what standard error is.
    pub(super) fn new(global: &Global, variables: &Variables) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && variables.text("NO_COLOR").is_none(),
        };
        let manner = match global {
            Global { json: true, .. } => Manner::Json,
            Global { quiet: true, .. } => Manner::Quiet,
            Global { verbose: 0, .. } => Manner::Usual,
            Global { .. } => Manner::Verbose,
        };
        Self { manner, color, terminal, lost: Mutex::default() }
    }

    /// Returns one for a single document.
    pub(super) fn of_document() -> Self {
        Self { manner: Manner::Json, color: false, terminal: false, lost: Mutex::default() }
    }

    /// Tells whether somebody watches what is going on: at a terminal, and not in a pipe. A log would be torn by what moves.
    pub(super) fn is_watched(&self) -> bool {
        self.terminal && self.manner == Manner::Usual
    }

    /// Returns whether the run's data is one JSON document.
    pub(super) fn is_json(&self) -> bool {
        self.manner == Manner::Json
    }

    /// Returns whether colour is wanted on standard error.
    pub(super) fn is_colored(&self) -> bool {
        self.color
    }

    /// Says something to the person at the terminal, in one line.
    pub(super) fn say(&self, text: impl AsRef<str>) {
        if matches!(self.manner, Manner::Usual | Manner::Verbose) {
            let _ = write_lines(io::stderr().lock(), &visible::one_line(text.as_ref()));
        }
    }

    /// Asks the person at the terminal; without one the answer is no.
    pub(super) fn confirm(&self, question: &str) -> bool {
        if self.manner != Manner::Usual && self.manner != Manner::Verbose || !std::io::stdin().is_terminal() {
            return false;
        }
        let _ = write_lines(io::stderr().lock(), &visible::one_line(&format!("{question} [y/N]")));
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    /// Says something to a person who asked for more.
    pub(super) fn say_more(&self, text: impl AsRef<str>) {
        if self.manner == Manner::Verbose {
            self.say(text);
        }
    }

    /// Says something that matters even to those who asked for quiet: a drawing, whose texts were made visible.
    pub(super) fn complain(&self, text: impl AsRef<str>) {
        if !self.is_json() {
            self.insist(text);
        }
    }

    /// Says something that matters although the document was to say it: a drawing.
    #[allow(clippy::unused_self, reason = "all that is said goes through an output")]
    pub(super) fn insist(&self, text: impl AsRef<str>) {
        let _ = write_lines(io::stderr().lock(), text.as_ref());
    }

    /// Prints a line of data as text, unless it is wanted as a document.
    pub(super) fn print(&self, line: impl AsRef<str>) {
        if !self.is_json() {
            self.give(&visible::one_line(line.as_ref()));
        }
    }

    /// Prints what another program reads, byte for byte.
    pub(super) fn print_exactly(&self, text: impl AsRef<str>) {
        if !self.is_json() {
            self.give(text.as_ref());
        }
    }

    /// Prints data as the run's one JSON document, if that is wanted.
    pub(super) fn document(&self, value: &impl Serialize) {
        if self.is_json() {
            self.print_document(value);
        }
    }

    /// Prints data that has to be worked out as the run's one JSON document, if that is wanted.
    pub(super) fn document_of<T: Serialize>(&self, make: impl FnOnce() -> T) {
        if self.is_json() {
            self.print_document(&make());
        }
    }

    /// Prints data that is asked for in a JSON form of its own.
    pub(super) fn print_document(&self, value: &impl Serialize) {
        // Plain structs of texts and numbers: there is nothing in them that JSON does not have.
        let text = serde_json::to_string(value).unwrap_or_default();
        self.give(&visible::json(&text));
    }

    /// Returns why data did not come through, if it did not.
    pub(super) fn take_lost(&self) -> Option<io::Error> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn give(&self, data: &str) {
        match write_lines(io::stdout().lock(), data) {
            // A reader that has gone away (`larder list | head`) has what it wanted.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            }
            _ => {}
        }
    }
}

/// Prints what clap says: help and version to standard output, mistakes to standard error.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        // What it repeats of the command line is for a terminal to act upon.
        let shown = text.lines().map(visible::one_line).collect::<Vec<_>>().join("\n");
        let _ = write_lines(io::stderr().lock(), &shown);
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
        let _ = write_lines(io::stderr().lock(), &visible::one_line(text.trim_end_matches('\n')));
    }
}

fn write_lines(mut stream: impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.trim_end_matches('\n').as_bytes())?;
    stream.write_all(b"\n")?;
    stream.flush()
}
