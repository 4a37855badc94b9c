//! Findings with their positions in the lock, and as `--json` prints them.

use miette::SourceSpan;
use serde::Serialize;

use crate::advisory::Vulnerability;
use crate::lock::{Lockfile, ShortestPaths, Spans};
use crate::model::{AdvisorySeverity, Dependent, PackageKey};

use super::named_text::Position;
use super::{Finding, NamedText};

/// A finding with its position in the lock and the path that leads to its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedFinding {
    /// The finding.
    pub finding: Finding,
    /// The span in the text of the lock.
    pub locked: Option<SourceSpan>,
    /// The shortest path from a manifest to the package: the manifest's file or folder, then packages, the package itself last.
    /// Empty if the finding is about the project.
    pub path: Vec<String>,
}

/// Finds the spans of findings in the text of the lock, and the paths to their packages.
pub fn locate(findings: Vec<Finding>, lock: &Lockfile, text: &str, manifest: &str) -> Vec<LocatedFinding> {
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
        .map(|finding| LocatedFinding {
            locked: finding.locked.as_ref().and_then(|anchor| spans.find(anchor)),
            path: finding.package.as_ref().and_then(path).unwrap_or_default(),
            finding,
        })
        .collect()
}

/// Returns a path as messages show it. Returns `None` if the manifest itself depends on the package.
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
    labels: Vec<LabelReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advisory: Option<AdvisoryReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Debug, Serialize)]
struct AdvisoryReport {
    id: String,
    aliases: Vec<String>,
    severity: Option<&'static str>,
    summary: String,
    fixed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(rename = "curedByUpdate", skip_serializing_if = "Option::is_none")]
    cured_by_update: Option<bool>,
}

#[derive(Debug, Serialize)]
struct PackageReport {
    ecosystem: &'static str,
    name: String,
    version: String,
}

#[derive(Debug, Serialize)]
struct LabelReport {
    text: &'static str,
    file: String,
    offset: usize,
    length: usize,
    line: usize,
    column: usize,
}

impl LocatedFinding {
    /// Returns the finding as `--json` prints it.
    pub fn report(&self, lock: NamedText<'_>) -> FindingReport {
        let finding = &self.finding;
        let rule = finding.rule.as_ref().map(|rule| {
            let document = NamedText { file: &rule.file, text: &rule.text };
            LabelReport::new("the policy", document, rule.span)
        });
        let locked = self.locked.map(|span| LabelReport::new("locked here", lock, span));
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
            advisory: finding.vulnerability.as_deref().map(|one| AdvisoryReport::new(one, finding.cured_by_update)),
            help: finding.help.clone(),
        }
    }
}

impl AdvisoryReport {
    fn new(vulnerability: &Vulnerability, cured_by_update: Option<bool>) -> Self {
        Self {
            id: vulnerability.id.clone(),
            aliases: vulnerability.aliases.clone(),
            severity: vulnerability.severity.map(AdvisorySeverity::as_str),
            summary: vulnerability.summary.clone(),
            fixed: vulnerability.fixed.as_ref().map(ToString::to_string),
            url: vulnerability.url(),
            cured_by_update,
        }
    }
}

impl LabelReport {
    fn new(text: &'static str, document: NamedText<'_>, span: SourceSpan) -> Self {
        let Position { line, column } = document.start(span);
        Self { text, file: document.file.to_owned(), offset: span.offset(), length: span.len(), line, column }
    }
}
