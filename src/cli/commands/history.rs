//! `larder history`

use crate::ops::history::{HistoryEntry, history};
use crate::ops::{Context, switch};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(context: &Context<'_>, output: &Output) -> CommandResult {
    let history = history(context)?;
    output.json(&history);
    for entry in &history.generations {
        let marks = [(entry.current, "current"), (entry.pinned, "pinned")];
        let marks: Vec<&str> = marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect();
        let mark = if marks.is_empty() { String::new() } else { format!("  ({})", marks.join(", ")) };
        output.data_line(format!("{:>4}  {}  {}{mark}", entry.number, entry.created, about(entry)));
        for line in &entry.changes.lines {
            output.data_line(format!("      {line}"));
        }
        let named = entry.changes.lines.len();
        let all = entry.changes.added + entry.changes.changed + entry.changes.removed;
        if all > named {
            output.data_line(format!("      … and {} more", all - named));
        }
    }
    let environment = &history.environment;
    match (history.current, history.rolled_back_from) {
        (None, _) => output.message(format!("{environment} was never synced here")),
        (Some(to), Some(from)) => output.message(switch::rolled_back(environment, to, from)),
        _ => {}
    }
    DONE
}

fn about(entry: &HistoryEntry) -> String {
    let changes = &entry.changes;
    let counts = [(changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed")];
    let mut parts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if parts.is_empty() {
        parts.push("no package changed".to_owned());
    }
    if let Some(promoted) = &entry.promoted {
        parts.push(format!("promoted from {} {}", promoted.environment, promoted.number));
    }
    parts.join(", ")
}
