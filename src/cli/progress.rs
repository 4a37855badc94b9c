//! Progress on a terminal.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::ops::Event;

use super::output::Output;

/// A line at the bottom of the terminal, created with the first event.
pub(super) struct ProgressLine {
    is_enabled: bool,
    bar: OnceLock<ProgressBar>,
    /// Whether waiting for another process was reported.
    reported_wait: AtomicBool,
    /// The warnings that were printed: what is done twice warns once.
    warnings: Mutex<BTreeSet<String>>,
}

impl ProgressLine {
    /// Creates the display. It is disabled if the output shows no progress.
    pub(super) fn new(output: &Output) -> Self {
        Self {
            is_enabled: output.shows_progress(),
            bar: OnceLock::new(),
            reported_wait: AtomicBool::new(false),
            warnings: Mutex::default(),
        }
    }

    /// Shows an event. Warnings are printed even if the display is disabled.
    pub(super) fn report(&self, output: &Output, event: &Event) {
        match event {
            Event::Warning(text) => {
                if self.warnings.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone()) {
                    self.print_above(|| output.message(format!("warning: {text}")));
                }
                return;
            }
            Event::HookLine(line) => return self.print_above(|| output.message(line)),
            // Reported once: later waits are mostly for the same process.
            Event::Waiting { process, does } if !self.reported_wait.swap(true, Ordering::Relaxed) => {
                let who = process.map_or_else(String::new, |number| format!(", process {number},"));
                return self.print_above(|| output.message(format!("waiting for another larder{who} that {does}")));
            }
            _ => {}
        }
        if !self.is_enabled {
            return;
        }
        let bar = self.bar.get_or_init(new_bar);
        match event {
            Event::Resolving(known) => bar.set_message(format!("Resolving, {known} packages")),
            Event::Fetching { done, total, bytes } => {
                bar.set_message(format!("Fetching {done} of {total}, {:.1} MB", to_megabytes(*bytes)));
            }
            Event::Inspecting(package) => bar.set_message(format!("Asking how {package} is built")),
            Event::BuildingPackage(package) => bar.set_message(format!("Building {package}")),
            Event::Compiling(packages) => bar.set_message(format!("Compiling {packages} Python packages")),
            Event::Testing(packages) => bar.set_message(format!("Testing {packages}")),
            Event::Building(packages) => bar.set_message(format!("Building from {packages} packages")),
            Event::Warning(_) | Event::HookLine(_) | Event::Waiting { .. } | Event::Concerns(_) | Event::Unchanged => {}
        }
    }

    /// Removes the line.
    pub(super) fn clear(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }

    /// Prints a message above the line.
    fn print_above(&self, write: impl FnOnce()) {
        match self.bar.get() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a display to one decimal")]
fn to_megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
