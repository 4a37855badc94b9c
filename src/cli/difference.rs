//! Output of the changes between two sets of packages.

use std::fmt::Write;

use crate::difference::Difference;

use super::output::Output;

/// Prints the changes: at most [`MAX_LINES`] of them.
pub(super) fn print(difference: &Difference, output: &Output) {
    let lines: Vec<_> = difference.lines().collect();
    for line in lines.iter().take(MAX_LINES) {
        output.message(line);
    }
    if lines.len() > MAX_LINES {
        output.message(format!("… and {} more", lines.len() - MAX_LINES));
    }
}

/// The number of lines that are shown; the rest is only counted.
const MAX_LINES: usize = 20;

/// Returns the numbers of added, changed, removed and kept packages, as a text.
pub(super) fn counts(difference: &Difference) -> String {
    let mut text = String::new();
    for (count, what) in [
        (difference.added.len(), "added"),
        (difference.changed.len(), "changed"),
        (difference.removed.len(), "removed"),
        (difference.kept, "kept"),
        (difference.runtimes.len(), if difference.runtimes.len() == 1 { "runtime" } else { "runtimes" }),
    ] {
        if count > 0 {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{count} {what}");
        }
    }
    if text.is_empty() { "no packages".to_owned() } else { text }
}
