//! Progress on a terminal.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::ops::Event;

use super::output::Output;

/// One line at the foot of the terminal, made when there is something to show.
pub(super) struct Progress {
    wanted: bool,
    bar: OnceLock<ProgressBar>,
    /// Whether it was said that another process is waited for.
    waited: AtomicBool,
}

impl Progress {
    /// Returns a display that shows nothing unless somebody watches the output.
    pub(super) fn of(output: &Output) -> Self {
        Self { wanted: output.is_watched(), bar: OnceLock::new(), waited: AtomicBool::new(false) }
    }

    /// Shows an event. Warnings are said in either case.
    pub(super) fn report(&self, output: &Output, event: &Event) {
        match event {
            Event::Warning(text) => return self.aside(|| output.say(format!("warning: {text}"))),
            // One line a run: what is waited for next is mostly the same.
            Event::Waiting { process, does } if !self.waited.swap(true, Ordering::Relaxed) => {
                let who = process.map_or_else(String::new, |number| format!(", process {number},"));
                return self.aside(|| output.say(format!("waiting for another larder{who} that {does}")));
            }
            _ => {}
        }
        if !self.wanted {
            return;
        }
        let bar = self.bar.get_or_init(new_bar);
        match event {
            Event::Resolving(known) => bar.set_message(format!("Resolving, {known} packages")),
            Event::Fetching { done, total, bytes } => {
                bar.set_message(format!("Fetching {done} of {total}, {:.1} MB", to_megabytes(*bytes)));
            }
            Event::Compiling(packages) => bar.set_message(format!("Compiling {packages} Python packages")),
            Event::Building(packages) => bar.set_message(format!("Building from {packages} packages")),
            Event::Warning(_) | Event::Waiting { .. } => {}
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }

    fn aside(&self, write: impl FnOnce()) {
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
