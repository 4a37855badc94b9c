//! The rules of the specification, by the `jsonschema` crate; validation of instances.
//!
//! The crate is built without its own ways to the network and the disk, and what it asks for by address comes from the files
//! that have been found. Patterns have bounds: one that would take too long is an error.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jsonschema::{PatternOptions, Retrieve, Uri, ValidationError, Validator};

use super::super::source::error_at;
use super::draft::Draft;
use super::resources::Resources;
use crate::diagnostic::{Position, SourceFinding};
use crate::document::{Area, JsonNode, SourceFile, parse_json};

/// A compiled schema.
pub(crate) struct CompiledJsonSchema {
    root: Validator,
    /// What stands behind `#` in names of parts.
    parts: BTreeMap<String, Validator>,
}

impl fmt::Debug for CompiledJsonSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compiled")
    }
}

/// The most findings about one document.
const MAX_FINDINGS: usize = 100;
/// The most steps back of a pattern on one text.
const MAX_BACKTRACKS: usize = 100_000;
/// The largest pattern once compiled, in bytes.
const MAX_PATTERN: usize = 1024 * 1024;
/// The most parts that are compiled on their own.
const MAX_PARTS: usize = 1000;

/// Gives the crate the files that have been found.
struct FileRetriever(BTreeMap<String, Arc<serde_json::Value>>);

impl Retrieve for FileRetriever {
    fn retrieve(&self, uri: &Uri<String>) -> Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>> {
        let address = uri.as_str().trim_end_matches('#');
        let found = self.0.get(address).map(|value| value.as_ref().clone());
        found.ok_or_else(|| format!("{address} is not in the package or its dependencies").into())
    }
}

/// Checks all files of a schema against the meta-schema.
pub(super) fn check(resources: &Resources, draft: Draft) -> Vec<SourceFinding> {
    let validator = match draft {
        Draft::Draft4 => jsonschema::draft4::meta::validator(),
        Draft::Draft6 => jsonschema::draft6::meta::validator(),
        Draft::Draft7 => jsonschema::draft7::meta::validator(),
        Draft::Draft201909 => jsonschema::draft201909::meta::validator(),
        Draft::Draft202012 => jsonschema::draft202012::meta::validator(),
    };
    let mut findings = Vec::new();
    for resource in &resources.all {
        let value = resource.root.to_serde();
        let errors = validator.iter_errors(&value).take(MAX_FINDINGS);
        findings.extend(errors.map(|error| finding("schema.invalid", &resource.source, &resource.root, &error)));
    }
    findings
}

impl CompiledJsonSchema {
    /// Compiles a schema. Returns the first rule that it breaks.
    pub(super) fn new(resources: &Resources, draft: Draft) -> Result<Self, Box<SourceFinding>> {
        let Some(main) = resources.all.first() else { unreachable!("a schema has a file") };
        let texts = resources.by_address();
        let build = |schema: &serde_json::Value, base: &str| {
            jsonschema::options()
                .with_draft(draft.of_crate())
                .with_base_uri(base.to_owned())
                .with_retriever(FileRetriever(texts.clone()))
                .with_pattern_options(
                    PatternOptions::fancy_regex()
                        .backtrack_limit(MAX_BACKTRACKS)
                        .size_limit(MAX_PATTERN)
                        .dfa_size_limit(MAX_PATTERN),
                )
                .should_validate_formats(true)
                .build(schema)
        };
        let failed = |error: &ValidationError<'_>| {
            let finding = finding("schema.invalid", &main.source, &main.root, error);
            Box::new(SourceFinding { help: finding.help.clone(), ..finding })
        };
        let value = main.root.to_serde();
        let root = build(&value, main.address.as_str()).map_err(|error| failed(&error))?;
        let mut parts = BTreeMap::new();
        for keyword in ["$defs", "definitions"] {
            let members = main.root.get(keyword).map(JsonNode::members).unwrap_or_default();
            for member in members.iter().take(MAX_PARTS) {
                let step = member.name.replace('~', "~0").replace('/', "~1");
                let step = percent_encoding::utf8_percent_encode(&step, percent_encoding::NON_ALPHANUMERIC).to_string();
                let reference = format!("{}#/{keyword}/{step}", main.address);
                let schema = serde_json::json!({ "$ref": reference });
                let part = build(&schema, "larder:///part").map_err(|error| failed(&error))?;
                parts.entry(member.name.clone()).or_insert(part);
            }
        }
        Ok(Self { root, parts })
    }

    /// Validates an instance against the schema, or against a part of it.
    pub(crate) fn validate(&self, part: Option<&str>, instance: &SourceFile) -> Vec<SourceFinding> {
        let node = match parse_json(&instance.text) {
            Ok(node) => node,
            Err(error) => return vec![instance.finding(Area::Instance, &error)],
        };
        let validator = part.and_then(|part| self.parts.get(part)).unwrap_or(&self.root);
        let value = node.to_serde();
        let errors = validator.iter_errors(&value).take(MAX_FINDINGS);
        errors.map(|error| finding("instance.invalid", instance, &node, &error)).collect()
    }
}

/// Returns the finding for an error about a document.
fn finding(code: &'static str, source: &SourceFile, root: &JsonNode, error: &ValidationError<'_>) -> SourceFinding {
    let pointer = error.instance_path().as_str();
    let position = root.pointer(pointer).map_or(Position::START, |node| source.position(node.offset));
    let mut message = error.to_string();
    if message.chars().count() > MAX_MESSAGE {
        message = message.chars().take(MAX_MESSAGE).chain("…".chars()).collect();
    }
    let message = format!("{message} ({})", error.kind().keyword());
    let finding = SourceFinding { position, ..error_at(code, source, 0, message) };
    if pointer.is_empty() { finding } else { finding.with_path(pointer) }
}

/// The longest message: the crate's messages have whole values in them.
const MAX_MESSAGE: usize = 300;
