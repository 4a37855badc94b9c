//! What changes, on one screen.

use std::fmt::Write;

use crate::difference::Difference;

use super::output::Output;

/// Tells the changes, as many as a screen has room for.
pub(super) fn tell(difference: &Difference, output: &Output) {
    let lines: Vec<_> = difference.lines().collect();
    for line in lines.iter().take(SCREEN) {
        output.say(line);
    }
    if lines.len() > SCREEN {
        output.say(format!("… and {} more", lines.len() - SCREEN));
    }
}

/// The number of lines that are shown; the rest is only counted.
const SCREEN: usize = 20;

/// Tells how many packages come, change, go and stay.
pub(super) fn counts(difference: &Difference) -> String {
    let mut text = String::new();
    for (count, what) in [
        (difference.added.len(), "added"),
        (difference.changed.len(), "changed"),
        (difference.removed.len(), "removed"),
        (difference.kept, "kept"),
    ] {
        if count > 0 {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{count} {what}");
        }
    }
    if text.is_empty() { "no packages".to_owned() } else { text }
}
