//! What became of each group: for programs, and as the text of a pull request.

use std::fmt::Write;

use serde::Serialize;

use crate::difference::Difference;
use crate::model::TreeDigest;
use crate::ops::lock::Locked;
use crate::ops::summary::DifferenceSummary;

/// How many digits of the lock's digest a branch is named with.
const BRANCH_DIGITS: usize = 10;

/// `larder update --plan --json`: see `schema/update-plan.json`.
#[derive(Debug, Serialize)]
pub struct UpdatePlan {
    /// Whether the lock was written.
    pub changed: bool,
    /// A name for a branch with the new lock. `None` if it was not written.
    pub branch: Option<String>,
    test: Option<String>,
    updates: Vec<UpdateOutcome>,
    /// The direct dependencies that are left for another time.
    waiting: Vec<String>,
    warnings: Vec<String>,
    /// The text of a pull request, in Markdown.
    pub summary: String,
}

/// What became of a group.
#[derive(Debug, Serialize)]
pub(super) struct UpdateOutcome {
    kept: bool,
    plan: DifferenceSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
    #[serde(skip)]
    difference: Difference,
}

impl UpdateOutcome {
    /// A group with which the test succeeded.
    pub(super) fn kept(difference: Difference) -> Self {
        Self { kept: true, plan: DifferenceSummary::from(&difference), reason: None, log: None, difference }
    }

    /// A group with which it failed.
    pub(super) fn failed(difference: Difference, reason: String, log: String) -> Self {
        let plan = DifferenceSummary::from(&difference);
        Self { kept: false, plan, reason: Some(reason), log: Some(log).filter(|log| !log.is_empty()), difference }
    }

    /// Returns the direct dependencies that move, a line each.
    fn title(&self) -> String {
        let Difference { changed, direct, .. } = &self.difference;
        let moves = changed.iter().filter(|(id, ..)| direct.contains(id));
        let texts = moves.map(|(id, from, to)| format!("{id} {} → {}", versions(from), versions(to)));
        texts.collect::<Vec<_>>().join(", ")
    }
}

impl UpdatePlan {
    /// Creates the report of a plan of which nothing was tried yet.
    pub(super) fn new(test: Option<String>, waiting: Vec<String>) -> Self {
        let mut plan = Self {
            changed: false,
            branch: None,
            test,
            updates: Vec::new(),
            waiting,
            warnings: Vec::new(),
            summary: String::new(),
        };
        plan.summary = plan.markdown();
        plan
    }

    /// Adds what became of a group.
    pub(super) fn add(&mut self, outcome: UpdateOutcome) {
        self.updates.push(outcome);
        self.summary = self.markdown();
    }

    /// Returns whether anything is kept.
    pub(super) fn has_kept(&self) -> bool {
        self.updates.iter().any(|outcome| outcome.kept)
    }

    /// Notes the lock that was written.
    pub(super) fn note_written(&mut self, locked: &Locked) {
        self.changed = locked.changed;
        self.warnings = locked.warnings().collect();
        let digest = TreeDigest::of(locked.lockfile.to_text().as_bytes()).to_string();
        let digits = digest.rsplit(':').next().unwrap_or_default();
        self.branch = Some(format!("larder/update-{}", &digits[..digits.len().min(BRANCH_DIGITS)]));
    }

    /// Returns what a user should hear about.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.warnings.iter().map(String::as_str)
    }

    fn markdown(&self) -> String {
        let (kept, failed): (Vec<_>, Vec<_>) = self.updates.iter().partition(|outcome| outcome.kept);
        let mut text = match kept.len() {
            0 => "# No update\n".to_owned(),
            1 => format!("# Update {}\n", kept[0].title()),
            count => format!("# {count} updates\n"),
        };
        // Writing to a string does not fail.
        if !kept.is_empty() {
            let _ = writeln!(text, "\n| package | from | to | |\n| --- | --- | --- | --- |");
            for (id, from, to, note) in kept.iter().flat_map(|outcome| rows(&outcome.difference)) {
                let _ = writeln!(text, "| {id} | {from} | {to} | {note} |");
            }
            let _ = match &self.test {
                Some(command) => writeln!(text, "\nTested with {}.", code(command)),
                None => writeln!(text, "\nNothing was tested."),
            };
        }
        if !failed.is_empty() {
            let _ = writeln!(text, "\n## Left out\n");
            for outcome in failed {
                let _ = writeln!(text, "- {}: {}", outcome.title(), outcome.reason.as_deref().unwrap_or_default());
                if let Some(log) = &outcome.log {
                    let fence = "`".repeat(longest_run(log).max(2) + 1);
                    let indented = log.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n");
                    let _ = write!(text, "\n  {fence}text\n{indented}\n  {fence}\n\n");
                }
            }
        }
        if !self.waiting.is_empty() {
            let _ = writeln!(text, "\nLeft for another time: {}.", self.waiting.join(", "));
        }
        text
    }
}

/// Returns what moves, direct dependencies first: the package, its versions before and after, and a note.
fn rows(difference: &Difference) -> Vec<(String, String, String, &'static str)> {
    let note = |id| if difference.direct.contains(id) { "" } else { "indirect" };
    let changed =
        difference.changed.iter().map(|(id, from, to)| (id.to_string(), versions(from), versions(to), note(id)));
    let added = difference.added.iter().map(|(id, to)| (id.to_string(), String::new(), versions(to), "new"));
    let removed = difference.removed.iter().map(|(id, from)| (id.to_string(), versions(from), String::new(), "gone"));
    let mut rows: Vec<_> = changed.chain(added).chain(removed).collect();
    rows.sort_by_key(|(.., note)| !note.is_empty());
    rows
}

fn versions(versions: &[impl ToString]) -> String {
    versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns a text as code in a line of Markdown.
fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    format!("{fence} {} {fence}", text.replace('\n', " "))
}

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_and_commands_cannot_end_their_block() {
        let outcome = UpdateOutcome::failed(Difference::default(), "it failed".to_owned(), "a\n```\nb\n".to_owned());
        let mut plan = UpdatePlan::new(Some("echo `x`".to_owned()), Vec::new());
        plan.add(outcome);
        assert!(plan.summary.contains("\n  ````text\n  a\n  ```\n  b\n  ````\n"), "{}", plan.summary);
        assert_eq!(code("echo `x`"), "`` echo `x` ``");
    }
}
