//! Findings as annotations of GitHub Actions: commands in the log of a workflow.
//!
//! ```text
//! ::error file=larder.lock,line=12,col=1,endLine=12,endColumn=30,title=larder::policy::advisories::npm:a@1.0.0 has …
//! ```
//!
//! Source: GitHub's "Workflow commands for GitHub Actions".

use std::fmt::Write;

use crate::diagnostic::{FindingLevel, SourceFinding};
use crate::model::Severity;

use super::report::path_text;
use super::{FindingFiles, LocatedFinding};

/// Returns a line for each finding. Findings without a position in the lock are placed at the start of the manifest.
pub fn github_annotations(findings: &[LocatedFinding], files: FindingFiles<'_>) -> String {
    let FindingFiles { lock, manifest, .. } = files;
    let mut lines = String::new();
    for located in findings {
        let finding = &located.finding;
        let command = match finding.severity {
            Severity::Deny => "error",
            Severity::Warn => "warning",
            Severity::Allow => "notice",
        };
        let place = match located.locked {
            Some(span) => {
                let (start, end) = (lock.start(span), lock.end(span));
                format!(
                    "file={},line={},col={},endLine={},endColumn={}",
                    property(&files.path(lock.file)),
                    start.line,
                    start.column,
                    end.line,
                    end.column
                )
            }
            None => format!("file={},line=1", property(&files.path(manifest.file))),
        };
        let path = path_text(&located.path).map(|path| format!(" (by {path})")).unwrap_or_default();
        let message = data(&format!("{}{path}", finding.message));
        // Writing to a string does not fail.
        let _ = writeln!(lines, "::{command} {place},title={}::{message}", property(finding.code));
    }
    lines
}

/// Returns a line for each finding that is about a place in a file.
pub fn github_annotations_in_files(findings: &[SourceFinding], files: FindingFiles<'_>) -> String {
    let mut lines = String::new();
    for finding in findings {
        let command = match finding.level {
            FindingLevel::Error => "error",
            FindingLevel::Warning => "warning",
            FindingLevel::Note => "notice",
        };
        let path = finding.path.as_deref().map(|path| format!(" (at {path})")).unwrap_or_default();
        // Writing to a string does not fail.
        let _ = writeln!(
            lines,
            "::{command} file={},line={},col={},title={}::{}",
            property(&files.path(&finding.file)),
            finding.position.line,
            finding.position.column,
            property(&finding.code),
            data(&format!("{}{path}", finding.message)),
        );
    }
    lines
}

/// Escapes a message: a line break would begin another command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_found_begins_a_command() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a:b,c\n"), "a%3Ab%2Cc%0A");
    }
}
