//! Findings as SARIF 2.1.0, the interchange format of code scanners.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;

use crate::diagnostic::SourceFinding;
use crate::model::Severity;

use super::named_text::Position;
use super::report::path_text;
use super::{CHECKS, Check, FindingFiles, LocatedFinding, NamedText};

/// Returns a SARIF log with one run. Findings without a position in the lock are placed at the start of the manifest; those of
/// `in_files` have places of their own.
pub fn sarif(
    findings: &[LocatedFinding],
    files: FindingFiles<'_>,
    in_files: &[SourceFinding],
) -> impl Serialize + use<> {
    let codes: BTreeSet<&Cow<'static, str>> = in_files.iter().map(|finding| &finding.code).collect();
    let codes: Vec<&Cow<'static, str>> = codes.into_iter().collect();
    let found_in_files = in_files.iter().map(|finding| SarifResult::in_file(finding, files, &codes));
    let results = findings.iter().map(|finding| SarifResult::new(finding, files)).chain(found_in_files).collect();
    let rules =
        CHECKS.into_iter().map(SarifRule::new).chain(codes.iter().map(|code| SarifRule::of_files(code))).collect();
    let driver = SarifDriver { name: "larder", version: env!("CARGO_PKG_VERSION"), rules };
    let run = SarifRun { tool: SarifTool { driver }, column_kind: "unicodeCodePoints", results };
    SarifLog { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
}

#[derive(Serialize)]
struct SarifLog {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun {
    tool: SarifTool,
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct SarifTool {
    driver: SarifDriver,
}

#[derive(Serialize)]
struct SarifDriver {
    name: &'static str,
    version: &'static str,
    rules: Vec<SarifRule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule {
    id: Cow<'static, str>,
    name: Cow<'static, str>,
    short_description: SarifMessage,
    help: SarifMessage,
    default_configuration: SarifConfiguration,
}

#[derive(Serialize)]
struct SarifConfiguration {
    level: &'static str,
}

#[derive(Serialize)]
struct SarifMessage {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: Cow<'static, str>,
    rule_index: usize,
    level: &'static str,
    message: SarifMessage,
    locations: [SarifLocation; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<SarifLocation>,
    partial_fingerprints: SarifFingerprints,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<SarifMessage>,
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: SarifRegion,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

/// Identifies a result even if its lines in the lock move.
#[derive(Serialize)]
struct SarifFingerprints {
    #[serde(rename = "larder/v1")]
    finding: String,
}

impl SarifRule {
    fn new(check: &dyn Check) -> Self {
        Self {
            id: check.code().into(),
            name: check.name().as_str().into(),
            short_description: SarifMessage { text: check.object().to_owned() },
            help: SarifMessage { text: check.help().to_owned() },
            default_configuration: SarifConfiguration { level: level(check.default_severity()) },
        }
    }
}

impl SarifRule {
    /// Returns the rule of findings that are about places in files.
    fn of_files(code: &str) -> Self {
        Self {
            id: code.to_owned().into(),
            name: code.to_owned().into(),
            short_description: SarifMessage { text: format!("{code}: what is wrong with assets of packages") },
            help: SarifMessage { text: "each result says what can be done".to_owned() },
            default_configuration: SarifConfiguration { level: "error" },
        }
    }
}

impl SarifResult {
    /// Returns the result of a finding in a file. `codes` are those of the rules behind the checks'.
    fn in_file(finding: &SourceFinding, files: FindingFiles<'_>, codes: &[&Cow<'static, str>]) -> Self {
        let (line, column) = (finding.position.line as usize, finding.position.column as usize);
        let region = SarifRegion { start_line: line, start_column: column, end_line: line, end_column: column };
        let artifact_location = ArtifactLocation { uri: files.path(&finding.file) };
        let physical_location = PhysicalLocation { artifact_location, region };
        let path = finding.path.as_deref().map(|path| format!(" (at {path})")).unwrap_or_default();
        let text = format!("{}{path}", finding.message);
        let fingerprint = blake3::hash(format!("{}\n{}\n{text}", finding.code, finding.file).as_bytes());
        Self {
            rule_id: finding.code.clone(),
            rule_index: CHECKS.len() + codes.iter().position(|code| **code == finding.code).unwrap_or_default(),
            level: finding.level.as_str(),
            message: SarifMessage { text },
            locations: [SarifLocation { id: None, message: None, physical_location }],
            related_locations: Vec::new(),
            partial_fingerprints: SarifFingerprints { finding: fingerprint.to_hex().to_string() },
        }
    }

    fn new(located: &LocatedFinding, files: FindingFiles<'_>) -> Self {
        let finding = &located.finding;
        let location = located.locked.map_or_else(
            || SarifLocation::new(files, files.manifest, (0, 0).into()),
            |span| SarifLocation::new(files, files.lock, span),
        );
        let rule = finding.rule.as_ref().map(|rule| SarifLocation {
            id: Some(1),
            message: Some(SarifMessage { text: "the policy".to_owned() }),
            ..SarifLocation::new(files, NamedText { file: &rule.file, text: &rule.text }, rule.span)
        });
        let path = path_text(&located.path).map(|path| format!(" (by {path})")).unwrap_or_default();
        Self {
            rule_id: finding.code.into(),
            rule_index: CHECKS.iter().position(|check| check.name() == finding.check).unwrap_or_default(),
            level: level(finding.severity),
            message: SarifMessage { text: format!("{}{path}", finding.message) },
            locations: [location],
            related_locations: rule.into_iter().collect(),
            partial_fingerprints: SarifFingerprints {
                finding: blake3::hash(format!("{}\n{}", finding.code, finding.message).as_bytes()).to_hex().to_string(),
            },
        }
    }
}

impl SarifLocation {
    fn new(files: FindingFiles<'_>, document: NamedText<'_>, span: miette::SourceSpan) -> Self {
        let Position { line: start_line, column: start_column } = document.start(span);
        let Position { line: end_line, column: end_column } = document.end(span);
        Self {
            id: None,
            message: None,
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: files.path(document.file) },
                region: SarifRegion { start_line, start_column, end_line, end_column },
            },
        }
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Deny => "error",
        Severity::Warn => "warning",
        Severity::Allow => "none",
    }
}
