//! Findings as SARIF 2.1.0, the form that code scanners exchange.

use serde::Serialize;

use crate::model::Severity;

use super::report::{path_text, position};
use super::{CHECKS, Check, Described, Document};

/// Returns a SARIF log with one run. `manifest` is where findings are placed that the lock has no place for.
pub fn sarif(described: &[Described], lock: Document<'_>, manifest: Document<'_>) -> impl Serialize {
    let results = described.iter().map(|one| Outcome::new(one, lock, manifest)).collect();
    let rules = CHECKS.into_iter().map(Rule::new).collect();
    let driver = Driver { name: "larder", version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    name: &'static str,
    short_description: Message,
    help: Message,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Site; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Site>,
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Site {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

/// What tells a result from others although the lines of the lock move.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "larder/v1")]
    finding: String,
}

impl Rule {
    fn new(check: &dyn Check) -> Self {
        Self {
            id: check.code(),
            name: check.name().as_str(),
            short_description: Message { text: check.object().to_owned() },
            help: Message { text: check.help().to_owned() },
            default_configuration: Configuration { level: level(check.default_severity()) },
        }
    }
}

impl Outcome {
    fn new(described: &Described, lock: Document<'_>, manifest: Document<'_>) -> Self {
        let finding = &described.finding;
        let place = described.locked.map_or_else(|| Site::new(manifest, (0, 0).into()), |span| Site::new(lock, span));
        let rule = finding.rule.as_ref().map(|rule| Site {
            id: Some(1),
            message: Some(Message { text: "the policy".to_owned() }),
            ..Site::new(Document { file: &rule.file, text: &rule.text }, rule.span)
        });
        let path = path_text(&described.path).map(|path| format!(" (by {path})")).unwrap_or_default();
        Self {
            rule_id: finding.code,
            rule_index: CHECKS.iter().position(|check| check.name() == finding.check).unwrap_or_default(),
            level: level(finding.severity),
            message: Message { text: format!("{}{path}", finding.message) },
            locations: [place],
            related_locations: rule.into_iter().collect(),
            partial_fingerprints: Fingerprints {
                finding: blake3::hash(format!("{}\n{}", finding.code, finding.message).as_bytes()).to_hex().to_string(),
            },
        }
    }
}

impl Site {
    fn new(document: Document<'_>, span: miette::SourceSpan) -> Self {
        let (start_line, start_column) = position(document.text, span.offset());
        let (end_line, end_column) = position(document.text, span.offset() + span.len());
        Self {
            id: None,
            message: None,
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: document.file.to_owned() },
                region: Region { start_line, start_column, end_line, end_column },
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
