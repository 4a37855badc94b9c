//! Findings with their places looked up, as `--json` prints them.

use miette::SourceSpan;
use serde::Serialize;

use crate::lock::{Lockfile, ShortestPaths, Spans};
use crate::model::{Dependent, PackageKey};

use super::{Document, Finding};

/// A finding with its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The finding.
    pub finding: Finding,
    /// Where it is in the text of the lock.
    pub locked: Option<SourceSpan>,
    /// The shortest path from a manifest to the package: the manifest's file or folder, then packages, the last being the
    /// package itself. Empty for a finding about the project.
    pub path: Vec<String>,
}

/// Looks up where findings are: in the text of the lock, and how the manifest leads to them.
pub fn describe(findings: Vec<Finding>, lock: &Lockfile, text: &str, manifest: &str) -> Vec<Described> {
    if findings.is_empty() {
        return Vec::new();
    }
    let (spans, paths) = (Spans::new(text), ShortestPaths::of(&lock.graph));
    let path = |package: &PackageKey| {
        let (dependent, steps) = paths.to(package)?;
        let from = match dependent {
            Dependent::Project => manifest.to_owned(),
            Dependent::Member(folder) => folder.to_string(),
        };
        Some([from].into_iter().chain(steps.into_iter().map(ToString::to_string)).collect())
    };
    findings
        .into_iter()
        .map(|finding| Described {
            locked: finding.locked.as_ref().and_then(|anchor| spans.find(anchor)),
            path: finding.package.as_ref().and_then(path).unwrap_or_default(),
            finding,
        })
        .collect()
}

/// Returns a path for people, if there is a package between the manifest and the one that it leads to.
pub(super) fn path_text(path: &[String]) -> Option<String> {
    (path.len() > 2).then(|| path.join(" → "))
}

/// An element of `"findings"`: see `schema/check.json`.
#[derive(Debug, Serialize)]
pub struct FindingReport {
    check: &'static str,
    code: &'static str,
    severity: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<PackageReport>,
    path: Vec<String>,
    labels: Vec<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Debug, Serialize)]
struct PackageReport {
    ecosystem: &'static str,
    name: String,
    version: String,
}

#[derive(Debug, Serialize)]
struct Label {
    text: &'static str,
    file: String,
    offset: usize,
    length: usize,
    line: usize,
    column: usize,
}

impl Described {
    /// Returns the finding as `--json` prints it.
    pub fn report(&self, lock: Document<'_>) -> FindingReport {
        let finding = &self.finding;
        let rule = finding.rule.as_ref().map(|rule| {
            let document = Document { file: &rule.file, text: &rule.text };
            Label::new("the policy", document, rule.span)
        });
        let locked = self.locked.map(|span| Label::new("locked here", lock, span));
        FindingReport {
            check: finding.check.as_str(),
            code: finding.code,
            severity: finding.severity.as_str(),
            message: finding.message.clone(),
            package: finding.package.as_ref().map(|key| PackageReport {
                ecosystem: key.id.ecosystem.as_str(),
                name: key.id.name.to_string(),
                version: key.version.to_string(),
            }),
            path: self.path.clone(),
            labels: locked.into_iter().chain(rule).collect(),
            help: finding.help.clone(),
        }
    }
}

impl Label {
    fn new(text: &'static str, document: Document<'_>, span: SourceSpan) -> Self {
        let (line, column) = position(document.text, span.offset());
        let (offset, length) = (span.offset(), span.len());
        Self { text, file: document.file.to_owned(), offset, length, line, column }
    }
}

/// Returns the line and the column of a place in a text, both counted from 1, columns in characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.bytes().filter(|&byte| byte == b'\n').count() + 1, before[line_start..].chars().count() + 1)
}
