//! What changes, on one screen.

use std::fmt::Write;

use crate::plan::Plan;

use super::output::Output;

/// Tells the changes, as many as a screen has room for.
pub(super) fn tell(plan: &Plan, output: &Output) {
    let lines: Vec<_> = plan.lines().collect();
    for line in lines.iter().take(SCREEN) {
        output.say(line);
    }
    if lines.len() > SCREEN {
        output.say(format!("… and {} more", lines.len() - SCREEN));
    }
}

/// Lines of a plan that are shown before the rest is only counted.
const SCREEN: usize = 20;

/// Tells how many packages come, change, go and stay.
pub(super) fn counts(plan: &Plan) -> String {
    let mut text = String::new();
    for (count, what) in [
        (plan.added.len(), "added"),
        (plan.changed.len(), "changed"),
        (plan.removed.len(), "removed"),
        (plan.kept, "kept"),
    ] {
        if count > 0 {
            let comma = if text.is_empty() { "" } else { ", " };
            let _ = write!(text, "{comma}{count} {what}");
        }
    }
    if text.is_empty() { "no packages".to_owned() } else { text }
}
