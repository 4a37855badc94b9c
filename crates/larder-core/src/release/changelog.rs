//! The section of a release in `CHANGELOG.md`.

use std::fmt::Write;

use semver::Version;

use super::{ChangeKind, CommitChange, CommitHistory};

/// What a new file begins with.
const HEAD: &str = "# Changelog\n";

/// The groups, in this order.
const GROUPS: [(ChangeKind, &str); 4] = [
    (ChangeKind::Feature, "Added"),
    (ChangeKind::Fix, "Fixed"),
    (ChangeKind::Performance, "Performance"),
    (ChangeKind::Revert, "Reverted"),
];

/// The most characters of a line.
const LONGEST: usize = 500;

/// Returns the section of a release: `date` is `2026-11-26`.
pub fn section(version: &Version, date: &str, history: &CommitHistory) -> String {
    let mut text = format!("## {version} - {date}\n");
    let mut group = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            // Writing to a string does not fail.
            let _ = writeln!(text, "\n### {title}\n");
            text.push_str(&lines.concat());
        }
    };
    let breaking = history.changes.iter().filter_map(|change| Some((change, change.breaking.as_deref()?)));
    group("Breaking changes", breaking.map(|(change, what)| line(change, what)).collect());
    for (kind, title) in GROUPS {
        let changes = history.changes.iter().filter(|change| change.kind == kind);
        group(title, changes.map(|change| line(change, &change.description)).collect());
    }
    text
}

fn line(change: &CommitChange, text: &str) -> String {
    let scope = change.scope.as_ref().map_or_else(String::new, |scope| format!("**{}:** ", plain(scope)));
    let short = change.commit.get(..7).unwrap_or(&change.commit);
    format!("- {scope}{} ({short})\n", plain(text))
}

/// Returns a text in one line that is no HTML.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().replace('<', "&lt;")
}

/// Puts a section before the others, after what a person wrote on top and a section of what is unreleased. A file that has a
/// section of this version stays as it is.
pub fn insert_section(text: &str, version: &Version, section: &str) -> String {
    let is_of = |line: &str| {
        let words = line.strip_prefix("## ")?.trim_start_matches('[');
        let rest = words.trim_start_matches('v').strip_prefix(version.to_string().as_str())?;
        (rest.is_empty() || rest.starts_with([' ', ']', '('])).then_some(())
    };
    if text.lines().any(|line| is_of(line).is_some()) {
        return text.to_owned();
    }
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let section = section.replace('\n', newline);
    if text.trim().is_empty() {
        return format!("{HEAD}\n{section}");
    }
    let is_unreleased = |line: &str| line.to_ascii_lowercase().contains("unreleased");
    let mut at = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        if line.starts_with("## ") && !is_unreleased(line) {
            found = Some(at);
            break;
        }
        at += line.len();
    }
    if let Some(at) = found {
        return format!("{}{section}{newline}{}", &text[..at], &text[at..]);
    }
    let end = if text.ends_with('\n') { "" } else { newline };
    format!("{text}{end}{newline}{section}")
}
